// One repository of GitHub over REST: its files, commits, issues, pull requests and discussions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "feature/sources/git/documents.h"
#include "feature/sources/github/api.h"
#include "feature/sources/source.h"

namespace twin::feature::github {

/// Which conversations are read: always only what one of `logins` wrote.
struct ThreadChoice {
  bool issues = true;
  bool comments = true;
  bool discussions = true;
  std::string category;
  void bind(config::Binder& b);
};

/// What the API says about a repository.
struct RepositoryInfo {
  std::string full_name;  ///< "me/x"
  std::string html_url;
  std::string branch;
  std::string clone_url;
  std::string owner;
  bool user = false;  ///< the owner is a person, not an organization
  bool fork = false, archived = false, discussions = false;
};
/// Fails when what identifies a repository is missing.
[[nodiscard]] Result<RepositoryInfo> read_info(const Json& json);

/// Kept between runs: blob id by path.
using KnownFiles = std::map<std::string, std::string>;

/// Hands documents over and remembers whether everything was read.
class Outlet {
 public:
  Outlet(SourceContext& context, const ItemSink& sink, std::string location)
      : context_(context), sink_(sink), location_(std::move(location)) {}

  /// An item or a failed item.
  void emit(Item&& item);
  /// What is more than one item: it counts as a failure of the source, which is then read again as a whole, and nothing
  /// is taken for gone.
  void lost(Error error);
  /// There, and as it was when it was read last.
  void keep(const std::string& url) { context_.unchanged(url); }
  void note(Error error) { report.notes.push_back(std::move(error)); }
  [[nodiscard]] bool wants(const std::string& url) { return context_.wants(url); }
  /// The receiver wants no more, or the user stopped.
  [[nodiscard]] bool stopped() const { return stopped_ || context_.stop.stop_requested(); }
  [[nodiscard]] int emitted() const { return emitted_; }

  SourceReport report{.complete = true, .unchanged = false, .cursor = {}, .cursor_by_item = true};

 private:
  SourceContext& context_;
  const ItemSink& sink_;
  std::string location_;
  bool stopped_ = false;
  int emitted_ = 0;
};

/// Files of the default branch. A file whose blob is in `known` is kept without fetching it; `now` gets what there is.
void read_files(Api& api, const RepositoryInfo& info, const git::FileChoice& choice, std::uint64_t max_bytes,
                const KnownFiles& known, KnownFiles& now, Outlet& out);

/// Messages of commits by `logins`; without any, of those by the project's authors.
void read_commits(Api& api, const RepositoryInfo& info, const git::CommitChoice& choice,
                  const std::vector<std::string>& logins, const std::vector<std::string>& authors, Outlet& out);

/// Issues, pull requests, comments, reviews and discussions: a document for each thread, holding what `logins` wrote in
/// it, in order of time.
void read_threads(Api& api, const RepositoryInfo& info, const ThreadChoice& choice,
                  const std::vector<std::string>& logins, Outlet& out);

}  // namespace twin::feature::github
