#include <doctest/doctest.h>
#include <git2.h>

#include <algorithm>

#include "feature/sources/git/repository_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

std::string name(const std::string& url) {
  return url.substr(url.find_last_of("#@") + 1);
}

std::vector<std::string> names(const SourceTest& test) {
  std::vector<std::string> out;
  for (const auto& url : test.order) out.push_back(name(url));
  return out;
}

}  // namespace

TEST_CASE("a local repository: documents, code, and when each last changed") {
  TestRepository repository;
  const auto first = repository.commit("Start", {{"README.md", "# Tool"}, {"src/main.cpp", "int main() {}"}});
  const auto second =
      repository.commit("한글 문서 추가\n\n설치 방법을 자세히 적었다.\n", {{"docs/설치.rst", "설치"},
                                                                           {"package-lock.json", "{}"},
                                                                           {"logo.png", "x"},
                                                                           {"vendor/lib.c", "int x;"},
                                                                           {"big.js", std::string(300 << 10, 'x')}});
  repository.commit("Fix typo", {{"README.md", "# The tool"}});
  SourceTest test("git", {{"path", repository.path()}, {"commits", "false"}});
  CHECK(test.errors.empty());
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(test.failures.empty());
  CHECK(names(test) == std::vector<std::string>{"README.md", "docs/%EC%84%A4%EC%B9%98.rst", "src/main.cpp"});
  const auto& code = test.documents.at("git:" + repository.path() + "#src/main.cpp");
  CHECK(code.media_type == "text/x-cpp");
  CHECK(code.metadata.at("language") == "cpp");
  CHECK(code.metadata.at("commit") == first);
  CHECK(code.published == (1'600'000'000LL + 3600) * 1000);
  const auto& guide = test.documents.at("git:" + repository.path() + "#docs/%EC%84%A4%EC%B9%98.rst");
  CHECK(guide.metadata.at("commit") == second);
  CHECK(test.documents.at("git:" + repository.path() + "#README.md").bytes == "# The tool");
}

TEST_CASE("commit messages: the author's own, when they say something") {
  TestRepository repository;
  repository.commit("Subject only", {{"a.md", "a"}});
  const auto told = repository.commit("Index by date\n\nScanning took a minute.\n", {{"a.md", "b"}});
  repository.commit("Someone else\n\nWrote this at length.\n", {{"a.md", "c"}}, "Bob Roe", "bob@example.org");
  repository.commit("Trailer\n\nSigned-off-by: Jane Doe <jane@example.org>\n", {{"a.md", "d"}});
  SourceTest test("git", {{"path", repository.path()}, {"include", "[none]"}, {"commits_category", "posts"}});
  test.authors = {"JANE@example.org"};
  REQUIRE(test.run());
  REQUIRE(names(test) == std::vector<std::string>{told});
  const auto& message = test.documents.begin()->second;
  CHECK(message.title == "Index by date");
  CHECK(message.bytes == "Index by date\n\nScanning took a minute.\n");
  CHECK(message.category == "posts");
  CHECK(message.authors == std::vector<std::string>{"Jane Doe"});
  CHECK(message.author_emails == std::vector<std::string>{"jane@example.org"});

  SourceTest everyone("git", {{"path", repository.path()}, {"include", "[none]"}});
  REQUIRE(everyone.run());
  CHECK(everyone.documents.size() == 2);
  SourceTest bob("git", {{"path", repository.path()}, {"include", "[none]"}, {"commit_authors", "[Bob Roe]"}});
  bob.authors = {"Jane Doe"};
  REQUIRE(bob.run());
  CHECK(bob.documents.begin()->second.title == "Someone else");
}

TEST_CASE("nothing is read twice: the commit of HEAD is cursor and fingerprint") {
  TestRepository repository;
  const auto head = repository.commit("One", {{"a.md", "a"}});
  SourceTest test("git", {{"path", repository.path()}});
  auto context = test.context(disk());
  CHECK(test.source->fingerprint(context) == head);
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->cursor == head);
  test.cursor = report->cursor;
  CHECK(test.run()->unchanged);
  CHECK(test.documents.empty());
  repository.commit("Two", {{"a.md", ""}, {"b.md", "b"}});
  const auto next = test.run();
  REQUIRE(next);
  CHECK(next->complete);
  CHECK(test.documents.size() == 1);
}

TEST_CASE("a remote repository is mirrored, then fetched") {
  TestRepository repository;
  repository.commit("One", {{"a.md", "a"}});
  const std::string url = "file://" + repository.path();
  SourceTest test("git", {{"url", url}});
  REQUIRE(test.run());
  CHECK(test.documents.contains("git:" + url + "#a.md"));
  const auto head = repository.commit("Two", {{"b.md", "b"}});
  auto context = test.context(disk());
  CHECK(test.source->fingerprint(context) == head);
  // What a clone that was cut off left behind is in nobody's way.
  std::filesystem::create_directories(test.scratch.path() / "x.partial");
  REQUIRE(test.run());
  CHECK(test.documents.contains("git:" + url + "#b.md"));
}

TEST_CASE("repositories without commits, shallow ones, and folders that are none") {
  TestRepository empty;
  SourceTest test("git", {{"path", empty.path()}});
  CHECK(test.run().error().kind == ErrorKind::not_found);

  TestRepository repository;
  const auto first = repository.commit("One", {{"a.md", "a"}});
  repository.commit("Two", {{"b.md", "b"}});
  // As after `git clone --depth 1`: the first commit is not there.
  std::filesystem::remove(repository.path() + "/.git/objects/" + first.substr(0, 2) + "/" + first.substr(2));
  REQUIRE(disk().write(repository.path() + "/.git/shallow", ""));
  SourceTest shallow("git", {{"path", repository.path()}});
  const auto report = shallow.run();
  REQUIRE(report);
  CHECK(shallow.documents.size() == 2);
  CHECK(!report->complete);  // older commits are not seen, so nothing is declared gone

  const TempFolder folder;
  SourceTest none("git", {{"path", folder.path().string()}});
  const auto failed = none.run();
  REQUIRE(!failed);
  CHECK(failed.error().where == folder.path().string());
}

TEST_CASE("credentials in an address stay out of documents") {
  SourceTest test("git", {{"url", "https://user:secret@example.org/r.git"}});
  CHECK(test.source->location() == "https://example.org/r.git");
}

namespace {

const RawDocument& file(const SourceTest& test, const std::string& path) {
  for (const auto& [url, document] : test.documents) {
    if (name(url) == path) return document;
  }
  FAIL("no " << path);
  return test.documents.begin()->second;
}

/// Jane wrote one file, Bob another; both wrote in a third, where Jane has one commit of many lines and Bob two of few.
void two_writers(TestRepository& repository) {
  repository.commit("Jane's", {{"jane.md", "a\nb\nc\n"}, {"both.md", "1\n2\n3\n4\n5\n6\n7\n8\n"}});
  repository.commit("Bob's", {{"bob.md", "x\ny\n"}}, "Bob Roe", "bob@example.org");
  repository.commit("Bob again", {{"both.md", "1\n2\n3\n4\n5\n6\n7\neight\n"}}, "Bob Roe", "bob@example.org");
  repository.commit("Bob once more", {{"both.md", "1\n2\n3\n4\n5\n6\nseven\neight\n"}}, "Bob Roe", "bob@example.org");
}

}  // namespace

TEST_CASE("with several writers a file belongs to who wrote it: by commits or by lines") {
  TestRepository repository;
  two_writers(repository);
  SourceTest commits("git", {{"path", repository.path()}});
  commits.authors = {"Jane Doe", "jane@example.org"};
  REQUIRE(commits.run());
  CHECK(file(commits, "jane.md").authors == std::vector<std::string>{"Jane Doe"});
  CHECK(file(commits, "jane.md").author_emails == std::vector<std::string>{"jane@example.org"});
  CHECK(file(commits, "bob.md").authors == std::vector<std::string>{"Bob Roe"});
  CHECK(file(commits, "both.md").authors == std::vector<std::string>{"Bob Roe", "Jane Doe"});
  CHECK(file(commits, "both.md").metadata.at("attribution") == "commits");
  CHECK(file(commits, "both.md").metadata.at("author_share") == "0.67");

  SourceTest blame("git", {{"path", repository.path()}, {"attribution", "blame"}, {"attribution_share", "0.5"}});
  blame.authors = {"Jane Doe"};
  REQUIRE(blame.run());
  CHECK(file(blame, "both.md").authors == std::vector<std::string>{"Jane Doe"});
  CHECK(file(blame, "both.md").metadata.at("attribution") == "blame");
  CHECK(file(blame, "both.md").metadata.at("author_share") == "0.75");

  SourceTest none("git", {{"path", repository.path()}, {"attribution", "none"}});
  REQUIRE(none.run());
  CHECK(file(none, "bob.md").authors.empty());
}

TEST_CASE("only_mine leaves out what others wrote, with a note") {
  TestRepository repository;
  two_writers(repository);
  SourceTest test("git", {{"path", repository.path()}, {"only_mine", "true"}, {"attribution", "blame"}});
  test.authors = {"JANE@example.org"};
  const auto report = test.run();
  REQUIRE(report);
  CHECK(names(test) == std::vector<std::string>{"both.md", "jane.md"});
  CHECK(noted(*report, "Mostly by Bob Roe (100%)"));
  // By the name that the project knows, so that collect finds the person.
  CHECK(file(test, "jane.md").authors == std::vector<std::string>{"JANE@example.org"});

  SourceTest stranger("git", {{"path", repository.path()}});
  stranger.authors = {"Someone Else"};
  const auto strange = stranger.run();
  REQUIRE(strange);
  CHECK(noted(*strange, "None of the 2 writers"));
}

TEST_CASE("one person under several names is one writer: .mailmap, the same address, the same name") {
  TestRepository repository;
  // Of the work tree, as git reads it.
  REQUIRE(disk().write(repository.path() + "/.mailmap", "박미나 <mina@example.org> <root@laptop>\n"));
  repository.commit("A", {{"a.md", "1\n"}}, "root", "root@laptop");
  repository.commit("B", {{"a.md", "1\n2\n"}}, "Mina Park", "mina@example.org");
  repository.commit("C", {{"a.md", "1\n2\n3\n"}}, "Mina Park", "mina@work.example.org");
  SourceTest alone("git", {{"path", repository.path()}, {"attribution", "blame"}});
  REQUIRE(alone.run());
  CHECK(file(alone, "a.md").authors.empty());  // one writer: the project's
  repository.commit("D", {{"d.md", "1\n"}}, "Bob Roe", "bob@example.org");
  SourceTest test("git", {{"path", repository.path()}, {"attribution", "blame"}});
  REQUIRE(test.run());
  CHECK(file(test, "a.md").authors == std::vector<std::string>{"Mina Park"});
  CHECK(file(test, "a.md").author_emails == std::vector<std::string>{"mina@example.org", "mina@work.example.org"});
  CHECK(file(test, "a.md").metadata.at("author_share") == "1.00");
}

TEST_CASE("blame has limits, and falls back to commits with a note") {
  TestRepository repository;
  two_writers(repository);
  SourceTest few("git", {{"path", repository.path()}, {"attribution", "blame"}, {"blame_max_commits", "3"}});
  const auto report = few.run();
  REQUIRE(report);
  CHECK(noted(*report, "more than 3 commits"));
  CHECK(file(few, "both.md").metadata.at("attribution") == "commits");
  repository.commit("Big", {{"big.md", std::string(3000, 'x') + "\n"}});
  SourceTest small("git", {{"path", repository.path()}, {"attribution", "blame"}, {"blame_max_kilobytes", "2"}});
  const auto second = small.run();
  REQUIRE(second);
  CHECK(noted(*second, "larger than 2 kilobytes"));
  CHECK(file(small, "big.md").metadata.at("attribution") == "commits");
  CHECK(file(small, "both.md").metadata.at("attribution") == "blame");
}
