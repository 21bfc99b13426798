// A repository made for a test, commit by commit.
#pragma once

#include <doctest/doctest.h>
#include <git2.h>

#include <map>
#include <string>

#include "core/files.h"
#include "feature/sources/git/handles.h"

namespace twin::feature {

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

}  // namespace twin::feature
