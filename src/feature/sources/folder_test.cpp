#include <doctest/doctest.h>

#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

void write(FileSystem& files, const std::string& path, const std::string& text) {
  REQUIRE(files.write(path, text));
}

}  // namespace

TEST_CASE("a folder: known kinds of text, in order of path, nothing hidden or vendored") {
  MemoryFiles files;
  write(files, "/blog/b.md", "# B");
  write(files, "/blog/a/한글 글.txt", "text");
  write(files, "/blog/c.HTML", "<p>x");
  write(files, "/blog/node_modules/x/readme.md", "no");
  write(files, "/blog/.obsidian/x.md", "no");
  write(files, "/blog/photo.jpg", "no");
  write(files, "/blog/code.py", "no");
  SourceTest test("folder", {{"path", "/blog/"}});
  // The folder is only in memory, so its path is reported; nothing else is wrong.
  CHECK(test.errors.size() == 1);
  const auto report = test.run(files);
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(test.failures.empty());
  CHECK(test.order == std::vector<std::string>{"file:///blog/a/%ED%95%9C%EA%B8%80%20%EA%B8%80.txt", "file:///blog/b.md",
                                               "file:///blog/c.HTML"});
  const auto& document = test.documents.at("file:///blog/b.md");
  CHECK(document.media_type == "text/markdown");
  CHECK(document.metadata.at("path") == "b.md");
  CHECK(document.bytes == "# B");
}

TEST_CASE("include, exclude, code, and one single file") {
  MemoryFiles files;
  write(files, "/p/a.md", "a");
  write(files, "/p/drafts/b.md", "b");
  write(files, "/p/x.py", "print()");
  write(files, "/p/notes.zzz", "unknown kind");
  const auto urls = [&](std::map<std::string, std::string> keys) {
    keys.emplace("path", "/p");
    SourceTest test("folder", std::move(keys));
    REQUIRE(test.run(files));
    return test.order;
  };
  CHECK(urls({{"exclude", "[drafts/]"}}) == std::vector<std::string>{"file:///p/a.md"});
  CHECK(urls({{"include", "['*.zzz']"}}) == std::vector<std::string>{"file:///p/notes.zzz"});
  CHECK(urls({{"code", "true"}}).back() == "file:///p/x.py");
  CHECK(urls({{"path", "/p/a.md"}}) == std::vector<std::string>{"file:///p/a.md"});
}

TEST_CASE("an empty folder is an error that says what to do; a large file fails alone") {
  MemoryFiles files;
  write(files, "/p/a.md", std::string(2000, 'a'));
  write(files, "/p/b.md", "b");
  SourceTest test("folder", {{"path", "/p"}});
  test.max_item_bytes = 1000;
  REQUIRE(test.run(files));
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].kind == ErrorKind::limit);
  CHECK(test.failures[0].where == "file:///p/a.md");
  CHECK(test.documents.size() == 1);

  SourceTest empty("folder", {{"path", "/p"}, {"include", "['*.none']"}});
  REQUIRE(empty.run(files));
  REQUIRE(empty.failures.size() == 1);
  CHECK(empty.failures[0].kind == ErrorKind::not_found);
  CHECK(!empty.failures[0].hint.empty());
}

TEST_CASE("the fingerprint changes with the files, and only then") {
  const TempFolder folder;
  write(disk(), folder.path() / "a.md", "a");
  SourceTest test("folder", {{"path", folder.path().string()}});
  CHECK(test.errors.empty());
  const auto fingerprint = [&] {
    auto context = test.context(disk());
    return test.source->fingerprint(context);
  };
  const auto first = fingerprint();
  REQUIRE(first);
  CHECK(fingerprint() == first);
  write(disk(), folder.path() / "b.md", "b");
  CHECK(fingerprint() != first);
  const auto second = fingerprint();
  write(disk(), folder.path() / "ignored.zip", "x");
  CHECK(fingerprint() == second);
  write(disk(), folder.path() / "b.md", "longer");
  CHECK(fingerprint() != second);
  // A document may show it.
  const auto third = fingerprint();
  write(disk(), folder.path() / "picture.jpg", "x");
  CHECK(fingerprint() != third);
}

TEST_CASE("a request to stop ends the run as incomplete") {
  MemoryFiles files;
  write(files, "/p/a.md", "a");
  SourceTest test("folder", {{"path", "/p"}});
  test.stop.request_stop();
  const auto report = test.run(files);
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.documents.empty());
}
