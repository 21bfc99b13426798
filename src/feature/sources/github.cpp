// GitHub: the repositories of a person or organization, or one of them, over REST or by clones.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/github/repository.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

/// "me" and "x" of https://github.com/me/x.
struct Address {
  std::string owner, name;
};

std::optional<Address> parse_address(const std::string& url) {
  std::string_view rest = text::trim(url);
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto parts = text::split(rest.substr(slash + 1), '/');
  if (parts.size() > 2) return std::nullopt;
  const auto plain = [](std::string_view part) {
    return !part.empty() &&
           part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               std::string_view::npos;
  };
  if (!std::all_of(parts.begin(), parts.end(), plain)) return std::nullopt;
  return Address{std::string(parts[0]), parts.size() == 2 ? std::string(parts[1]) : std::string()};
}

class GitHub final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of a person, an organization or a repository (https://github.com/ME/PROJECT)");
    api_.bind(b);
    b.field("logins", logins_,
            "Accounts whose commits, issues and comments are read; none: the owner of the address or, of an "
            "organization, of the token");
    b.field("repositories", repositories_, "Globs of repository names to read; none: all");
    b.field("forks", forks_, "Also read forks");
    b.field("archived", archived_, "Also read archived repositories");
    b.field("max_repositories", max_repositories_, "Most repositories that are read", {.min = 1, .max = 100'000});
    b.field("clone", clone_, "Clone the repositories instead of fetching file by file: whole history, attribution");
    b.field("clone_from", clone_from_,
            "Where clones are fetched, with {owner} and {name} filled in; none: what the API says");
    repository_.bind(b);
    threads_.bind(b);
  }

  [[nodiscard]] std::string location() const override { return url_; }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto address = parse_address(url_);
    if (!address || url_.find("://") == std::string::npos) {
      return fail(ErrorKind::usage, tr("This is no address of a GitHub account or repository"), location(),
                  tr("write it like https://github.com/ME or https://github.com/ME/PROJECT"));
    }
    github::Api api(api_, context);
    github::Outlet out(context, sink, location());
    auto repositories = list(api, *address, out);
    if (!repositories) return tl::unexpected(repositories.error());

    const Json known = json::parse(context.cursor);
    Json now = Json::object();
    for (const auto& info : *repositories) {
      if (out.stopped()) return SourceReport{};
      if (api.exhausted()) {
        out.report.complete = false;
        break;
      }
      Json state = Json::object();
      read(api, info, json::member(known, info.full_name), state, context, out);
      now[info.full_name] = std::move(state);
    }
    if (out.stopped()) return SourceReport{};
    out.report.cursor = now.dump();
    return std::move(out.report);
  }

 private:
  /// In order of name.
  Result<std::vector<github::RepositoryInfo>> list(github::Api& api, const Address& address, github::Outlet& out) {
    std::vector<github::RepositoryInfo> found;
    const auto add = [&](const Json& json) {
      auto info = github::read_info(json);
      if (!info) return out.lost(info.error());
      found.push_back(std::move(*info));
    };
    if (!address.name.empty()) {
      const auto json = api.get("/repos/" + address.owner + "/" + address.name);
      if (!json) return tl::unexpected(json.error());
      add(*json);
      return found;
    }
    const auto done =
        api.each("/users/" + address.owner + "/repos?per_page=100&type=owner&sort=full_name", [&](const Json& json) {
          if (json::flag(json, "fork") && !forks_) return true;
          if (json::flag(json, "archived") && !archived_) return true;
          const std::string name = json::text(json, "name");
          const auto matches = [&](const std::string& pattern) { return glob_match(pattern, name); };
          if (!repositories_.empty() && std::none_of(repositories_.begin(), repositories_.end(), matches)) return true;
          if (std::ssize(found) == max_repositories_) {
            out.lost({ErrorKind::limit, tr("There are more than {} repositories", max_repositories_), url_,
                      tr("Raise max_repositories of this source")});
            return false;
          }
          add(json);
          return true;
        });
    if (!done) {
      if (found.empty()) return tl::unexpected(done.error());
      out.lost(done.error());
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.full_name < b.full_name; });
    return found;
  }

  void read(github::Api& api, const github::RepositoryInfo& info, const Json& known, Json& state,
            SourceContext& context, github::Outlet& out) {
    const std::vector<std::string> logins = accounts(api, info);
    if (clone_) {
      read_clone(api, info, known, state, context, out);
    } else {
      github::KnownFiles before, now;
      for (const auto& [path, blob] : json::member(known, "files").items()) {
        if (blob.is_string()) before[path] = blob.get<std::string>();
      }
      github::read_files(api, info, repository_.files, context.max_item_bytes, before, now, out);
      state["files"] = now;
      if (repository_.commits.enabled && !api.exhausted()) {
        github::read_commits(api, info, repository_.commits, logins, context.authors, out);
      }
      if (repository_.attribution.method != "none" && !api.exhausted()) check_contributors(api, info, out);
    }
    if (!threads_.issues && !threads_.comments && !threads_.discussions) return;
    if (logins.empty()) {
      out.note({ErrorKind::usage, tr("No account is known whose issues and comments could be read"), info.html_url,
                tr("Set logins of this source")});
      return;
    }
    github::read_threads(api, info, threads_, logins, out);
  }

  std::vector<std::string> accounts(github::Api& api, const github::RepositoryInfo& info) {
    if (!logins_.empty()) return logins_;
    if (info.user) return {info.owner};
    if (!api.has_token()) return {};
    if (!own_login_) {
      const auto user = api.get("/user");
      own_login_ = user ? json::text(*user, "login") : std::string();
    }
    return own_login_->empty() ? std::vector<std::string>{} : std::vector<std::string>{*own_login_};
  }

  /// Without a clone nobody can tell whose a file is.
  void check_contributors(github::Api& api, const github::RepositoryInfo& info, github::Outlet& out) const {
    const auto people = api.get("/repos/" + info.full_name + "/contributors?per_page=2");
    if (!people || !people->is_array() || people->size() < 2) return;
    out.note({ErrorKind::invalid,
              tr("This repository has several contributors; its files are taken for those of the project's authors"),
              info.html_url, tr("Set clone: true to attribute files to who wrote them, or attribution: none")});
  }

  void read_clone(github::Api& api, const github::RepositoryInfo& info, const Json& known, Json& state,
                  SourceContext& context, github::Outlet& out) const {
    std::string from = clone_from_.empty() ? info.clone_url : filled(info);
    if (clone_from_.empty() && !from.starts_with("https://")) {
      return out.lost({ErrorKind::invalid, tr("The API names no https address to clone from"), info.html_url, {}});
    }
    const std::filesystem::path folder = context.scratch / (stable_id("git", {from}) + ".git");
    const auto repository = git::Repository::mirror(from, folder, context.stop, api.token());
    if (!repository) return out.lost(repository.error());
    const git::RepositoryNames names{
        .location = info.html_url,
        .file_url =
            [&](const std::string& path) {
              return info.html_url + "/blob/" + percent_encode_path(info.branch) + "/" + percent_encode_path(path);
            },
        .commit_url = [&](const std::string& id) { return info.html_url + "/commit/" + id; }};
    const auto head = repository->head();
    SourceContext inner = context;
    inner.cursor.clear();
    if (head && *head && json::text(known, "head") == **head) {
      // Nothing changed: only look what there is, so that it is not taken for gone.
      inner.wants = [&](const std::string& url) {
        out.keep(url);
        return false;
      };
    }
    bool whole = true;
    auto report = git::collect_repository(*repository, repository_, names, inner, [&](Item&& item) {
      whole = whole && item;
      if (item) item->metadata["repository"] = info.full_name;
      out.emit(std::move(item));
      return !out.stopped();
    });
    if (!report) {
      if (head && !*head) return;  // no commit yet
      return out.lost(report.error());
    }
    if (whole) state["head"] = report->cursor;  // else what failed is read again
    out.report.complete = out.report.complete && report->complete;
    for (auto& note : report->notes) out.note(std::move(note));
  }

  [[nodiscard]] std::string filled(const github::RepositoryInfo& info) const {
    std::string out = clone_from_;
    const std::size_t slash = info.full_name.find('/');
    for (const auto& [key, value] : {std::pair<std::string, std::string>{"{owner}", info.full_name.substr(0, slash)},
                                     {"{name}", info.full_name.substr(slash + 1)}}) {
      for (std::size_t at = 0; (at = out.find(key, at)) != std::string::npos; at += value.size()) {
        out.replace(at, key.size(), value);
      }
    }
    return out;
  }

  std::string url_;
  github::ApiConfig api_;
  std::vector<std::string> logins_, repositories_;
  bool forks_ = false, archived_ = true, clone_ = false;
  int max_repositories_ = 500;
  std::string clone_from_;
  git::RepositoryConfig repository_;
  github::ThreadChoice threads_;
  std::optional<std::string> own_login_;
};

/// Pages of GitHub itself, which look like accounts.
bool reserved(std::string_view owner) {
  static const std::vector<std::string_view> names = {
      "about",      "apps",       "collections", "contact",  "customer-stories", "enterprise",    "events",
      "explore",    "features",   "join",        "login",    "marketplace",      "new",           "notifications",
      "orgs",       "pricing",    "pulls",       "issues",   "search",           "security",      "settings",
      "site",       "sponsors",   "topics",      "trending", "readme",           "organizations", "users",
      "codespaces", "discussions"};
  return std::find(names.begin(), names.end(), owner) != names.end();
}

Claim accepts(const std::string& location) {
  std::string text = text::fold(location);
  for (const std::string_view prefix : {"https://", "http://", "www."}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  if (!text.starts_with("github.com/") || text::fold(location).find("://") == std::string::npos) return {};
  const auto address = parse_address(text);
  if (!address || reserved(address->owner) || address->name.ends_with(".git") || address->name.ends_with(".atom")) {
    return {};
  }
  return address->name.empty() ? Claim{Claim::site, tr("an account on GitHub")}
                               : Claim{Claim::site, tr("a repository on GitHub")};
}

}  // namespace

TWIN_SOURCE(github, {.description = "GitHub: files, commits, issues, pull requests, reviews and discussions",
                     .needs = "GITHUB_TOKEN beyond 60 requests an hour, for private repositories and discussions",
                     .examples = {{"https://github.com/someone", true},
                                  {"https://github.com/someone/project", true},
                                  {"https://www.github.com/someone/project/", true},
                                  {"https://github.com/someone/project.git", false},
                                  {"https://github.com/someone/project/issues/3", false},
                                  {"https://github.com/features", false},
                                  {"https://example.org/someone/project", false}},
                     .accepts = accepts,
                     .make = [] { return std::make_unique<GitHub>(); },
                     .category = "repositories"})

}  // namespace twin::feature
