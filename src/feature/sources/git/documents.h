// The documents of a repository: files of HEAD and commit messages. What the sources `git` and `github` share.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/binder.h"
#include "feature/collect/path_filter.h"
#include "feature/sources/git/attribution.h"
#include "feature/sources/git/repository.h"
#include "feature/sources/source.h"

namespace twin::feature::git {

/// Which files of a repository are read.
struct FileChoice {
  PathFilter filter;
  bool code = true;
  std::vector<std::string> languages;
  int max_file_kilobytes = 256;  ///< of source files; documents have collect's limit
  void bind(config::Binder& b);

  /// By name: a kind that is read, nothing generated, no vendored folder.
  [[nodiscard]] bool accepts(std::string_view path) const;
  /// Whether a file of this size is left out: source files beyond max_file_kilobytes, which are data rather than
  /// writing.
  [[nodiscard]] bool too_large(std::string_view path, std::uint64_t bytes) const;
};

/// Which commit messages are read.
struct CommitChoice {
  bool enabled = true;
  std::vector<std::string> authors;
  std::string category;
  int max_commits = 20'000;
  void bind(config::Binder& b);

  /// Whether the commit is by one of `authors` or, without any, of the project's.
  [[nodiscard]] bool own(const std::string& name, const std::string& email,
                         const std::vector<std::string>& project) const;
};

struct RepositoryConfig {
  FileChoice files;
  CommitChoice commits;
  AttributionConfig attribution;
  void bind(config::Binder& b);
};

/// Where the documents of one repository are found.
struct RepositoryNames {
  std::string location;  ///< for messages
  std::function<std::string(const std::string& path)> file_url;
  std::function<std::string(const std::string& id)> commit_url;
};

/// Media type, title and language of a file's document, by its path.
void describe_file(const std::string& path, RawDocument& raw);

/// Whether a commit message is more than bookkeeping: it has a body besides trailers ("Signed-off-by: …").
[[nodiscard]] bool says_more(std::string_view message);

/// The document of a commit message.
[[nodiscard]] RawDocument commit_document(std::string url, const Commit& commit, const std::string& category);

/// Everything that `config` chooses. The cursor is the commit of HEAD.
[[nodiscard]] Result<SourceReport> collect_repository(const Repository& repository, const RepositoryConfig& config,
                                                      const RepositoryNames& names, SourceContext& context,
                                                      const ItemSink& sink);

}  // namespace twin::feature::git
