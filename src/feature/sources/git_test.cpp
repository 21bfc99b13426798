#include <doctest/doctest.h>
#include <git2.h>

#include <algorithm>

#include "feature/sources/git/handles.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

/// A repository with commits made for the test.
class TestRepository {
 public:
  TestRepository() {
    git::start();
    REQUIRE(git_repository_init(&repository_, folder_.path().c_str(), 0) == 0);
  }
  ~TestRepository() { git_repository_free(repository_); }
  TestRepository(const TestRepository&) = delete;
  TestRepository& operator=(const TestRepository&) = delete;

  /// Sets these files (empty text: removes) and commits.
  std::string commit(const std::string& message, const std::map<std::string, std::string>& files,
                     const std::string& author = "Jane Doe", const std::string& email = "jane@example.org") {
    for (const auto& [path, text] : files) {
      if (text.empty()) {
        contents_.erase(path);
      } else {
        contents_[path] = text;
      }
    }
    git_index* index = nullptr;
    REQUIRE(git_repository_index(&index, repository_) == 0);
    git_index_clear(index);
    for (const auto& [path, text] : contents_) {
      git_index_entry entry{};
      entry.path = path.c_str();
      entry.mode = GIT_FILEMODE_BLOB;
      REQUIRE(git_index_add_from_buffer(index, &entry, text.data(), text.size()) == 0);
    }
    git_oid tree_id, commit_id, parent_id;
    REQUIRE(git_index_write_tree(&tree_id, index) == 0);
    git_index_free(index);
    git_tree* tree = nullptr;
    REQUIRE(git_tree_lookup(&tree, repository_, &tree_id) == 0);
    git_signature* signature = nullptr;
    REQUIRE(git_signature_new(&signature, author.c_str(), email.c_str(), time_ += 3600, 0) == 0);
    git_commit* parent = nullptr;
    if (git_reference_name_to_id(&parent_id, repository_, "HEAD") == 0)
      git_commit_lookup(&parent, repository_, &parent_id);
    const git_commit* parents[] = {parent};
    REQUIRE(git_commit_create(&commit_id, repository_, "HEAD", signature, signature, nullptr, message.c_str(), tree,
                              parent == nullptr ? 0 : 1, parents) == 0);
    git_commit_free(parent);
    git_signature_free(signature);
    git_tree_free(tree);
    return git::to_hex(commit_id);
  }

  [[nodiscard]] std::string path() const { return folder_.path().string(); }

 private:
  TempFolder folder_;
  git_repository* repository_ = nullptr;
  std::map<std::string, std::string> contents_;
  git_time_t time_ = 1'600'000'000;
};

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
