// A git repository: README, documentation, source files, and the author's own commit messages.
#include <algorithm>
#include <filesystem>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/git/documents.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

/// "https://user:token@host/x" must not end up in documents.
std::string without_credentials(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t from = scheme + 3;
  const std::size_t host = std::min(url.find('/', from), url.size());
  const std::size_t at = url.substr(0, host).rfind('@');
  return at == std::string::npos || at < from ? url : url.substr(0, from) + url.substr(at + 1);
}

class Git final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "Address of a remote repository (https, ssh or git@host:path)");
    b.field("path", path_, "Folder of a local repository, instead of url; it is only read",
            {.path = true, .exists = true});
    config_.bind(b);
  }

  [[nodiscard]] std::string location() const override {
    if (!url_.empty()) return without_credentials(url_);
    std::error_code error;
    const fs::path path = path_.empty() ? fs::path() : fs::absolute(path_, error).lexically_normal();
    return (path.has_filename() ? path : path.parent_path()).string();
  }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override {
    if (!url_.empty()) {
      const auto head = git::Repository::remote_head(url_);
      return head ? std::optional(*head) : std::nullopt;
    }
    const auto repository = git::Repository::open(path_);
    if (!repository) return std::nullopt;
    const auto head = repository->head();
    return head ? std::optional(head->value_or("empty")) : std::nullopt;
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto repository = open(context);
    if (!repository) return tl::unexpected(repository.error());
    const std::string base = "git:" + location();
    return git::collect_repository(
        *repository, config_,
        {.location = location(),
         .file_url = [&](const std::string& path) { return base + "#" + percent_encode_path(path); },
         .commit_url = [&](const std::string& id) { return base + "@" + id; }},
        context, sink);
  }

 private:
  [[nodiscard]] Result<git::Repository> open(const SourceContext& context) const {
    if (url_.empty() == path_.empty()) {
      return fail(ErrorKind::usage, tr("A repository needs either `url` or `path`"), location());
    }
    if (url_.empty()) return git::Repository::open(path_);
    return git::Repository::mirror(url_, context.scratch / (stable_id("git", {location()}) + ".git"), context.stop);
  }

  std::string url_, path_;
  git::RepositoryConfig config_;
};

Claim accepts(const std::string& location) {
  std::string text = text::fold(location);
  if (text.empty()) return {};
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const auto ends_with = [&](std::string_view end) {
    return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  if (text.rfind("git@", 0) == 0 || text.rfind("git://", 0) == 0 || text.rfind("ssh://", 0) == 0 || ends_with(".git")) {
    return {Claim::site, tr("the address of a git repository")};
  }
  if (text.find("://") != std::string::npos) return {};
  std::error_code error;
  if (!fs::exists(fs::path(location) / ".git", error)) return {};
  return {Claim::site, tr("a folder with a git repository")};
}

}  // namespace

TWIN_SOURCE(git, {.description = "A git repository: documentation, source files and commit messages",
                  .needs = "",
                  .examples = {{"https://example.org/me/project.git", true},
                               {"git@example.org:me/project", true},
                               {"ssh://git@example.org/me/project", true},
                               {"/srv/project.git", true},
                               {"https://example.org/feed.xml", false},
                               {"/home/me/blog", false}},
                  .accepts = accepts,
                  .make = [] { return std::make_unique<Git>(); },
                  .category = "repositories"})

}  // namespace twin::feature
