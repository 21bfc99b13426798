// Which files and commits of a repository are someone's writing.
#include <algorithm>

#include "core/text/unicode.h"
#include "feature/collect/media_type.h"
#include "feature/sources/git/documents.h"

namespace twin::feature::git {
namespace {

/// Written by programs: no one's writing.
const std::vector<std::string>& generated_files() {
  static const std::vector<std::string> patterns = {
      "package-lock.json", "npm-shrinkwrap.json", "yarn.lock",     "pnpm-lock.yaml", "Cargo.lock",
      "poetry.lock",       "Pipfile.lock",        "composer.lock", "Gemfile.lock",   "go.sum",
      "*.min.js",          "*.min.css",           "*.map",         "*.pb.h",         "*.pb.cc",
      "*_pb2.py",          "*.generated.*",       "LICENSE*",      "COPYING*",       "NOTICE*"};
  return patterns;
}

/// "cpp" of "text/x-cpp".
std::string language_of(std::string_view media_type) {
  constexpr std::string_view prefix = "text/x-";
  return media_type.starts_with(prefix) ? std::string(media_type.substr(prefix.size())) : std::string();
}

}  // namespace

void FileChoice::bind(config::Binder& b) {
  filter.bind(b);
  b.field("code", code, "Read source files, not only documentation");
  b.field("languages", languages, "Only source files of these languages (cpp, python, go …); none: all");
  b.field("max_file_kilobytes", max_file_kilobytes, "Larger source files are left out", {.min = 1, .max = 1'000'000});
}

bool FileChoice::accepts(std::string_view path) const {
  if (!filter.accepts(path)) return false;
  const std::string type = media_type_of(path);
  const bool named = !filter.include.empty();
  if (type.empty()) return named;
  if (is_image_type(type)) return false;
  const auto& generated = generated_files();
  if (!named && std::any_of(generated.begin(), generated.end(),
                            [&](const std::string& pattern) { return glob_match(pattern, path); })) {
    return false;
  }
  if (named || is_document_type(type)) return true;
  const std::string language = language_of(type);
  return code && !language.empty() &&
         (languages.empty() || std::any_of(languages.begin(), languages.end(),
                                           [&](const std::string& wanted) { return text::fold(wanted) == language; }));
}

bool FileChoice::too_large(std::string_view path, std::uint64_t bytes) const {
  return language_of(media_type_of(path)).empty() ? false
                                                  : bytes > static_cast<std::uint64_t>(max_file_kilobytes) << 10;
}

void CommitChoice::bind(config::Binder& b) {
  b.field("commits", enabled, "Read the messages of commits that say more than a subject line");
  b.field("commit_authors", authors, "Names or e-mail addresses, * for any; none: the authors of this project");
  b.field("commits_category", category, "Category of commit messages; none: that of this source");
  b.field("max_commits", max_commits, "How far back the history is read", {.min = 1, .max = 10'000'000});
}

bool CommitChoice::own(const std::string& name, const std::string& email,
                       const std::vector<std::string>& project) const {
  const auto& wanted = authors.empty() ? project : authors;
  return wanted.empty() || !matching_author(wanted, name, email).empty();
}

void RepositoryConfig::bind(config::Binder& b) {
  files.bind(b);
  commits.bind(b);
  attribution.bind(b);
}

void describe_file(const std::string& path, RawDocument& raw) {
  raw.media_type = media_type_of(path);
  if (raw.media_type.empty()) raw.media_type = "text/plain";
  const std::string language = language_of(raw.media_type);
  if (!is_document_type(raw.media_type)) raw.title = path;
  if (!language.empty()) raw.metadata["language"] = language;
  raw.metadata["path"] = path;
}

bool says_more(std::string_view message) {
  const std::size_t line = message.find('\n');
  if (line == std::string_view::npos) return false;
  for (const auto text : text::split(message.substr(line), '\n')) {
    const auto trimmed = text::trim(text);
    const std::size_t colon = trimmed.find(": ");
    const bool trailer = colon != std::string_view::npos &&
                         trimmed.substr(0, colon).find(' ') == std::string_view::npos &&
                         trimmed.substr(0, colon).find('-') != std::string_view::npos;
    if (!trimmed.empty() && !trailer) return true;
  }
  return false;
}

RawDocument commit_document(std::string url, const Commit& commit, const std::string& category) {
  RawDocument raw;
  raw.url = std::move(url);
  raw.media_type = "text/plain";
  const std::size_t line = commit.message.find('\n');
  raw.title = std::string(text::trim(std::string_view(commit.message).substr(0, line)));
  raw.bytes = std::string(text::trim(commit.message)) + "\n";
  raw.authors = {commit.author_name};
  raw.author_emails = {commit.author_email};
  raw.category = category;
  raw.published = commit.time;
  raw.metadata["commit"] = commit.id;
  raw.metadata["charset"] = "utf-8";
  return raw;
}

}  // namespace twin::feature::git
