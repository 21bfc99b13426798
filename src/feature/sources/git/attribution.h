// Whose words a file of a repository with several writers is.
#pragma once

#include <string>
#include <vector>

#include "core/config/binder.h"
#include "feature/sources/git/repository.h"
#include "feature/sources/source.h"

namespace twin::feature::git {

struct AttributionConfig {
  std::string method = "commits";  ///< blame, commits, none
  double share = 0.25;             ///< from which share of a file on a person is one of its authors
  bool only_mine = false;
  int blame_max_kilobytes = 256;  ///< of a file; a larger one is attributed by commits
  int blame_max_commits = 2'000;  ///< of the repository; one with more is attributed by commits
  void bind(config::Binder& b);
};

/// Decides the authors of files. In a repository with one writer nothing is decided: its files are the project's.
class Attribution {
 public:
  /// `own`: names and addresses of the project's authors. Keeps references to all but `own`.
  Attribution(const AttributionConfig& config, const Repository& repository, History& history,
              std::vector<std::string> own);

  /// Sets authors and metadata ("attribution", "author_share") of the document. False: it is mostly by others and
  /// only_mine asks to leave it out; the reason is in notes().
  [[nodiscard]] bool apply(const TreeFile& file, RawDocument& raw);
  [[nodiscard]] std::vector<Error>& notes() { return notes_; }

 private:
  [[nodiscard]] Shares shares(const TreeFile& file, std::string& method);

  const AttributionConfig& config_;
  const Repository& repository_;
  History& history_;
  std::vector<std::string> own_;
  bool several_;
  std::vector<Error> notes_;
};

}  // namespace twin::feature::git
