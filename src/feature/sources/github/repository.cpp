// Files and commits of a repository over REST.
#include "feature/sources/github/repository.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/json/fields.h"

namespace twin::feature::github {
namespace {

struct TreeFolder {
  std::string id;      ///< of the tree, or the name of the branch
  std::string prefix;  ///< path with a final "/"
};

/// Every blob below the root of a branch. The recursive form leaves entries out beyond 100,000 or 7 MB and says so:
/// then each folder is asked for by itself.
class TreeReader {
 public:
  TreeReader(Api& api, const RepositoryInfo& info, const git::FileChoice& choice)
      : api_(api), base_("/repos/" + info.full_name + "/git/trees/"), choice_(choice) {
    folders_.push_back({percent_encode(info.branch), ""});
  }

  /// `visit` gets each file entry and its path.
  Result<void> each(const std::function<void(const Json&, const std::string& path)>& visit, Outlet& out) {
    while (!folders_.empty() && !out.stopped()) {
      const TreeFolder folder = std::move(folders_.back());
      folders_.pop_back();
      auto tree = api_.get(base_ + folder.id + "?recursive=1");
      if (!tree) return tl::unexpected(tree.error());
      const bool flat = json::flag(*tree, "truncated");
      if (flat) {
        tree = api_.get(base_ + folder.id);
        if (!tree) return tl::unexpected(tree.error());
        if (json::flag(*tree, "truncated")) {
          out.lost({ErrorKind::limit, tr("GitHub does not list all files of this folder"), base_ + folder.id,
                    tr("Set clone: true for this source")});
        }
      }
      if (!json::member(*tree, "tree").is_array()) {
        return fail(ErrorKind::invalid, tr("The answer of the API has no '{}'", "tree"), base_ + folder.id);
      }
      for (const auto& entry : json::list(*tree, "tree")) {
        const std::string path = folder.prefix + json::text(entry, "path");
        if (json::text(entry, "type") == "tree" && flat && !skipped(path)) {
          folders_.push_back({json::text(entry, "sha"), path + "/"});
        } else if (json::text(entry, "type") == "blob" && json::text(entry, "mode") != "120000") {
          visit(entry, path);
        }
      }
    }
    return {};
  }

 private:
  static std::string percent_encode(const std::string& name) {
    std::string out = percent_encode_path(name);
    for (std::size_t at = 0; (at = out.find('/', at)) != std::string::npos;) out.replace(at, 1, "%2F");
    return out;
  }
  [[nodiscard]] bool skipped(const std::string& path) const {
    const auto& names = choice_.filter.skip_folders;
    return std::find(names.begin(), names.end(), path.substr(path.rfind('/') + 1)) != names.end();
  }

  Api& api_;
  std::string base_;
  const git::FileChoice& choice_;
  std::vector<TreeFolder> folders_;
};

struct WantedFile {
  std::string path, blob;
  std::uint64_t bytes = 0;
};

}  // namespace

void Outlet::emit(Item&& item) {
  if (stopped_) return;
  ++emitted_;
  stopped_ = !sink_(std::move(item));
}

void Outlet::lost(Error error) {
  report.complete = false;
  if (error.kind == ErrorKind::cancelled) return;
  if (!error.where.empty() && error.where != location_) error.message += " (" + error.where + ")";
  error.where = location_;
  emit(tl::unexpected(std::move(error)));
}

Result<RepositoryInfo> read_info(const Json& answer) {
  RepositoryInfo info;
  info.full_name = json::text(answer, "full_name");
  info.html_url = json::text(answer, "html_url");
  info.branch = json::text(answer, "default_branch");
  info.clone_url = json::text(answer, "clone_url");
  if (info.full_name.empty() || info.html_url.empty() || info.branch.empty()) {
    return fail(ErrorKind::invalid, tr("The answer of the API has no '{}'", "full_name"), info.full_name);
  }
  info.owner = json::text(json::member(answer, "owner"), "login");
  info.user = json::text(json::member(answer, "owner"), "type") == "User";
  info.fork = json::flag(answer, "fork");
  info.archived = json::flag(answer, "archived");
  info.discussions = json::flag(answer, "has_discussions");
  return info;
}

void read_files(Api& api, const RepositoryInfo& info, const git::FileChoice& choice, std::uint64_t max_bytes,
                const KnownFiles& known, KnownFiles& now, Outlet& out) {
  std::vector<WantedFile> files;
  const auto listed = TreeReader(api, info, choice)
                          .each(
                              [&](const Json& entry, const std::string& path) {
                                const auto bytes =
                                    static_cast<std::uint64_t>(std::max<std::int64_t>(0, json::number(entry, "size")));
                                if (!choice.accepts(path) || choice.too_large(path, bytes)) return;
                                files.push_back({path, json::text(entry, "sha"), bytes});
                              },
                              out);
  if (!listed) {
    if (api.last_status() != 409) out.lost(listed.error());  // an empty repository has no tree
    return;
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  for (const auto& file : files) {
    if (out.stopped()) return;
    const std::string url =
        info.html_url + "/blob/" + percent_encode_path(info.branch) + "/" + percent_encode_path(file.path);
    if (const auto it = known.find(file.path); it != known.end() && it->second == file.blob) {
      now[file.path] = file.blob;
      out.keep(url);
      continue;
    }
    if (!out.wants(url)) continue;
    if (file.bytes > max_bytes) {
      out.emit(fail(ErrorKind::limit, tr("The file is larger than {} bytes", max_bytes), url,
                    tr("Raise collect.max_item_megabytes")));
      continue;
    }
    auto bytes = api.raw("/repos/" + info.full_name + "/git/blobs/" + file.blob);
    if (!bytes) {
      if (api.exhausted()) return out.lost(bytes.error());
      bytes.error().where = url;
      out.emit(tl::unexpected(bytes.error()));
      continue;
    }
    RawDocument raw;
    raw.url = url;
    raw.bytes = std::move(*bytes);
    git::describe_file(file.path, raw);
    raw.metadata["repository"] = info.full_name;
    raw.metadata["blob"] = file.blob;
    now[file.path] = file.blob;
    out.emit(std::move(raw));
  }
}

void read_commits(Api& api, const RepositoryInfo& info, const git::CommitChoice& choice,
                  const std::vector<std::string>& logins, const std::vector<std::string>& authors, Outlet& out) {
  int seen = 0;
  const auto visit = [&](const Json& entry) {
    if (out.stopped()) return false;
    if (++seen > choice.max_commits) {
      out.lost({ErrorKind::limit, tr("The repository has more than {} commits", choice.max_commits), info.html_url,
                tr("Raise max_commits of this source")});
      return false;
    }
    const Json& details = json::member(entry, "commit");
    const Json& author = json::member(details, "author");
    git::Commit commit;
    commit.id = json::text(entry, "sha");
    commit.author_name = json::text(author, "name");
    commit.author_email = json::text(author, "email");
    commit.message = json::text(details, "message");
    commit.time = json::time(author, "date");
    commit.merge = json::list(entry, "parents").size() > 1;
    const bool by_login = !logins.empty() && choice.authors.empty();
    if (commit.merge || !git::says_more(commit.message) ||
        (!by_login && !choice.own(commit.author_name, commit.author_email, authors))) {
      return true;
    }
    std::string url = json::text(entry, "html_url");
    if (url.empty()) url = info.html_url + "/commit/" + commit.id;
    if (!out.wants(url)) return true;
    RawDocument raw = git::commit_document(std::move(url), commit, choice.category);
    raw.metadata["repository"] = info.full_name;
    out.emit(std::move(raw));
    return true;
  };
  const std::string path = "/repos/" + info.full_name + "/commits?per_page=100&sha=" + percent_encode_path(info.branch);
  const std::vector<std::string> any = {""};
  for (const auto& login : logins.empty() || !choice.authors.empty() ? any : logins) {
    const auto done = api.each(path + (login.empty() ? "" : "&author=" + percent_encode_path(login)), visit);
    if (!done && api.last_status() != 409) out.lost(done.error());
  }
}

}  // namespace twin::feature::github
