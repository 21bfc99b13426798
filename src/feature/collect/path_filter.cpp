#include "feature/collect/path_filter.h"

#include <fnmatch.h>

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::feature {
namespace {

bool name_match(std::string_view pattern, std::string_view name) {
  return fnmatch(std::string(pattern).c_str(), std::string(name).c_str(), 0) == 0;
}

/// Names against names; "**" stands for any number of them. Backtracks to the last "**" only, as in wildcard matching.
bool parts_match(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t p = 0, i = 0, star = none, star_at = 0;
  while (i < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      star_at = i;
    } else if (p < pattern.size() && name_match(pattern[p], path[i])) {
      ++p;
      ++i;
    } else if (star != none) {
      p = star + 1;
      i = ++star_at;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) {
  if (pattern.find('/') == std::string_view::npos && pattern != "**") {
    return name_match(pattern, path.substr(path.find_last_of('/') + 1));
  }
  if (pattern.substr(0, 2) == "./") pattern.remove_prefix(2);
  if (!pattern.empty() && pattern.front() == '/') pattern.remove_prefix(1);
  std::string folder;
  if (!pattern.empty() && pattern.back() == '/') {  // "drafts/": everything below
    folder = std::string(pattern) + "**";
    pattern = folder;
  }
  return parts_match(text::split(pattern, '/'), text::split(path, '/'));
}

std::vector<std::string> PathFilter::default_skip_folders() {
  return {"node_modules", "vendor", "third_party", "third-party",   "__pycache__", "build",           "dist",
          "target",       "_site",  "venv",        "site-packages", "Pods",        "bower_components"};
}

void PathFilter::bind(config::Binder& b) {
  b.field("include", include, "Globs of paths to read (docs/**/*.md); none: every file of a known kind");
  b.field("exclude", exclude, "Globs of paths to leave out");
  b.field("skip_folders", skip_folders, "Names of folders that are not looked into: vendored and generated files");
  b.field("hidden", hidden, "Also read files and folders whose name begins with a dot");
}

bool PathFilter::accepts(std::string_view path) const {
  const auto parts = text::split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!hidden && !parts[i].empty() && parts[i].front() == '.') return false;
    if (parts[i] == ".git" || parts[i] == ".twin") return false;
    const bool folder = i + 1 < parts.size();
    if (folder && std::find(skip_folders.begin(), skip_folders.end(), parts[i]) != skip_folders.end()) return false;
  }
  const auto matches = [&](const std::string& pattern) { return glob_match(pattern, path); };
  if (std::any_of(exclude.begin(), exclude.end(), matches)) return false;
  return include.empty() || std::any_of(include.begin(), include.end(), matches);
}

}  // namespace twin::feature
