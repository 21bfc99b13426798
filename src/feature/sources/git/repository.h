// A git repository through libgit2, read only: never touches a local one, keeps a bare mirror of a remote one.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "feature/sources/git/people.h"

struct git_repository;

namespace twin::feature::git {

struct TreeFile {
  std::string path;   ///< relative to the root of the repository
  std::string blob;   ///< object id, hex
  bool link = false;  ///< symbolic link: not content of its own
};

struct Commit {
  std::string id;  ///< hex
  std::string author_name, author_email;
  std::string message;  ///< UTF-8 where the commit says its encoding
  UnixMillis time = 0;  ///< of the author
  bool merge = false;
};

struct History {
  struct Change {
    UnixMillis time = 0;
    std::string commit;
  };
  std::map<std::string, Change> last_change;  ///< by path, for the paths asked for
  std::map<std::string, Shares> changed_by;   ///< by path: how many commits of each person changed it; when asked for
  People people;                              ///< who made the commits, newest first
  std::vector<Commit> commits;                ///< newest first
  bool truncated = false;                     ///< a shallow clone or the limit ended the walk
};

class Repository {
 public:
  /// A repository on this disk, work tree or bare.
  [[nodiscard]] static Result<Repository> open(const std::filesystem::path& path);
  /// A bare mirror of `url` in `folder`: cloned when missing, else fetched. A clone that was cut off leaves nothing
  /// behind that the next run would take for a repository. `token`: password for https, when the server asks for one.
  [[nodiscard]] static Result<Repository> mirror(const std::string& url, const std::filesystem::path& folder,
                                                 std::stop_token stop, const std::string& token = {});
  /// Commit id of the remote's HEAD, without fetching anything else.
  [[nodiscard]] static Result<std::string> remote_head(const std::string& url);

  /// Commit id of HEAD; nullopt for a repository without commits.
  [[nodiscard]] Result<std::optional<std::string>> head() const;
  /// Every file of HEAD's tree, in order of path. Submodules are left out.
  [[nodiscard]] Result<std::vector<TreeFile>> files() const;
  [[nodiscard]] std::uint64_t blob_size(const std::string& blob) const;
  [[nodiscard]] Result<std::string> read(const std::string& blob) const;
  /// One walk over the history from HEAD: commits, when each of `paths` last changed and, with `changed_by`, whose
  /// commits changed it. Merges do not count as changes; a renamed file starts anew. .mailmap is honoured.
  [[nodiscard]] Result<History> history(const std::vector<std::string>& paths, int max_commits, bool changed_by,
                                        std::stop_token stop) const;
  /// Lines of a file of HEAD by who wrote them, changes of white space left aside. .mailmap is honoured; who is new is
  /// added to `people`. Costs time in proportion to the file's history. Fails on a shallow clone.
  [[nodiscard]] Result<Shares> blame(const std::string& path, People& people) const;

 private:
  struct Closer {
    void operator()(git_repository* repository) const;
  };
  explicit Repository(git_repository* repository) : repository_(repository) {}
  std::unique_ptr<git_repository, Closer> repository_;
};

}  // namespace twin::feature::git
