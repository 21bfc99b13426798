// A git repository: README, documentation, source files, and the author's own commit messages.
#include <algorithm>
#include <filesystem>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/media_type.h"
#include "feature/collect/path_filter.h"
#include "feature/sources/git/repository.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

/// Written by programs: no one's writing.
const std::vector<std::string>& generated_files() {
  static const std::vector<std::string> patterns = {
      "package-lock.json", "npm-shrinkwrap.json", "yarn.lock",     "pnpm-lock.yaml", "Cargo.lock",
      "poetry.lock",       "Pipfile.lock",        "composer.lock", "Gemfile.lock",   "go.sum",
      "*.min.js",          "*.min.css",           "*.map",         "*.pb.h",         "*.pb.cc",
      "*_pb2.py",          "*.generated.*",       "LICENSE*",      "COPYING*",       "NOTICE*"};
  return patterns;
}

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
    filter_.bind(b);
    b.field("code", code_, "Read source files, not only documentation");
    b.field("max_file_kilobytes", max_file_kilobytes_, "Larger source files are left out",
            {.min = 1, .max = 1'000'000});
    b.field("commits", commits_, "Read the messages of commits that say more than a subject line");
    b.field("commit_authors", commit_authors_,
            "Names or e-mail addresses, * for any; none: the authors of this project");
    b.field("commits_category", commits_category_, "Category of commit messages; none: that of this source");
    b.field("max_commits", max_commits_, "How far back the history is read", {.min = 1, .max = 10'000'000});
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
    const auto head = repository->head();
    if (!head) return tl::unexpected(located(head.error()));
    if (!*head) {
      return fail(ErrorKind::not_found, tr("The repository has no commit yet"), location());
    }
    if (context.cursor == **head) return SourceReport{.complete = true, .unchanged = true, .cursor = **head};

    const auto files = repository->files();
    if (!files) return tl::unexpected(located(files.error()));
    std::vector<git::TreeFile> chosen;
    std::vector<std::string> paths;
    for (const auto& file : *files) {
      if (!wanted(file)) continue;
      chosen.push_back(file);
      paths.push_back(file.path);
    }
    const auto history = repository->history(paths, max_commits_, context.stop);
    if (!history) return tl::unexpected(located(history.error()));

    bool any = false;
    for (const auto& file : chosen) {
      if (context.stop.stop_requested()) return SourceReport{};
      if (!is_document_type(media_type_of(file.path)) && repository->blob_size(file.blob) > code_limit()) continue;
      any = true;
      if (!sink(read(*repository, file, *history, **head, context))) return SourceReport{};
    }
    if (commits_) {
      for (const auto& commit : history->commits) {
        if (context.stop.stop_requested()) return SourceReport{};
        if (!own(commit, context) || !says_more(commit)) continue;
        any = true;
        if (!sink(message(commit))) return SourceReport{};
      }
    }
    if (!any) {
      sink(fail(ErrorKind::not_found, tr("Nothing in this repository matched"), location(),
                tr("See include, exclude, code, commits and commit_authors of this source")));
    }
    // A shallow clone does not show the older commits: what is not seen is not gone.
    return SourceReport{.complete = !history->truncated, .unchanged = false, .cursor = **head};
  }

 private:
  [[nodiscard]] Result<git::Repository> open(const SourceContext& context) const {
    if (url_.empty() == path_.empty()) {
      return fail(ErrorKind::usage, tr("A repository needs either `url` or `path`"), location());
    }
    if (url_.empty()) return git::Repository::open(path_);
    return git::Repository::mirror(url_, context.scratch / (stable_id("git", {location()}) + ".git"), context.stop);
  }

  [[nodiscard]] Error located(Error error) const {
    error.where = location() + (error.where.empty() ? "" : " " + error.where);
    return error;
  }

  [[nodiscard]] bool wanted(const git::TreeFile& file) const {
    if (file.link || !filter_.accepts(file.path)) return false;
    const std::string type = media_type_of(file.path);
    const bool named = !filter_.include.empty();
    if (type.empty()) return named;
    if (is_image_type(type)) return false;
    const auto& generated = generated_files();
    if (!named && std::any_of(generated.begin(), generated.end(),
                              [&](const std::string& pattern) { return glob_match(pattern, file.path); })) {
      return false;
    }
    return code_ || named || is_document_type(type);
  }

  [[nodiscard]] std::uint64_t code_limit() const { return static_cast<std::uint64_t>(max_file_kilobytes_) << 10; }

  [[nodiscard]] Item read(const git::Repository& repository, const git::TreeFile& file, const git::History& history,
                          const std::string& head, const SourceContext& context) const {
    RawDocument raw;
    raw.url = "git:" + location() + "#" + percent_encode_path(file.path);
    if (repository.blob_size(file.blob) > context.max_item_bytes) {
      return fail(ErrorKind::limit, tr("The file is larger than {} bytes", context.max_item_bytes), raw.url,
                  tr("Raise collect.max_item_megabytes"));
    }
    auto bytes = repository.read(file.blob);
    if (!bytes) {
      bytes.error().where = raw.url;
      return tl::unexpected(bytes.error());
    }
    raw.bytes = std::move(*bytes);
    raw.media_type = media_type_of(file.path);
    if (raw.media_type.empty()) raw.media_type = "text/plain";
    if (!is_document_type(raw.media_type)) {
      raw.title = file.path;
      raw.metadata["language"] = raw.media_type.substr(std::string_view("text/x-").size());
    }
    raw.metadata["path"] = file.path;
    const auto change = history.last_change.find(file.path);
    raw.metadata["commit"] = change == history.last_change.end() ? head : change->second.commit;
    if (change != history.last_change.end()) raw.published = change->second.time;
    return raw;
  }

  [[nodiscard]] bool own(const git::Commit& commit, const SourceContext& context) const {
    const auto& authors = commit_authors_.empty() ? context.authors : commit_authors_;
    if (authors.empty()) return true;
    const std::string name = text::fold(commit.author_name), email = text::fold(commit.author_email);
    return std::any_of(authors.begin(), authors.end(), [&](const std::string& author) {
      const std::string folded = text::fold(text::trim(author));
      return glob_match(folded, name) || glob_match(folded, email);
    });
  }

  /// Merges and one-line messages are bookkeeping. Trailers ("Signed-off-by: …") alone say nothing either.
  [[nodiscard]] static bool says_more(const git::Commit& commit) {
    if (commit.merge) return false;
    const std::size_t line = commit.message.find('\n');
    if (line == std::string::npos) return false;
    for (const auto text : text::split(std::string_view(commit.message).substr(line), '\n')) {
      const auto trimmed = text::trim(text);
      const std::size_t colon = trimmed.find(": ");
      const bool trailer = colon != std::string_view::npos &&
                           trimmed.substr(0, colon).find(' ') == std::string_view::npos &&
                           trimmed.substr(0, colon).find('-') != std::string_view::npos;
      if (!trimmed.empty() && !trailer) return true;
    }
    return false;
  }

  [[nodiscard]] RawDocument message(const git::Commit& commit) const {
    RawDocument raw;
    raw.url = "git:" + location() + "@" + commit.id;
    raw.media_type = "text/plain";
    const std::size_t line = commit.message.find('\n');
    raw.title = std::string(text::trim(std::string_view(commit.message).substr(0, line)));
    raw.bytes = std::string(text::trim(commit.message)) + "\n";
    raw.authors = {commit.author_name};
    raw.author_emails = {commit.author_email};
    raw.category = commits_category_;
    raw.published = commit.time;
    raw.metadata["commit"] = commit.id;
    raw.metadata["charset"] = "utf-8";
    return raw;
  }

  std::string url_, path_;
  PathFilter filter_;
  bool code_ = true;
  int max_file_kilobytes_ = 256;
  bool commits_ = true;
  std::vector<std::string> commit_authors_;
  std::string commits_category_;
  int max_commits_ = 20'000;
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
