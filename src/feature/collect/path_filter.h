// Which files of a tree belong to a source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/binder.h"

namespace twin::feature {

/// Glob match of a whole relative path: "*" within a name, "**" over folders, "?" one character, "[ab]" a set.
/// A pattern without "/" is matched against the last name only. Linear time in path × pattern.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view path);

struct PathFilter {
  std::vector<std::string> include;  ///< empty: everything readable
  std::vector<std::string> exclude;
  std::vector<std::string> skip_folders = default_skip_folders();  ///< names of folders, hidden or vendored
  bool hidden = false;                                             ///< also read what begins with a dot

  void bind(config::Binder& b);
  /// `path` is relative to the root of the tree, with "/".
  [[nodiscard]] bool accepts(std::string_view path) const;
  [[nodiscard]] static std::vector<std::string> default_skip_folders();
};

}  // namespace twin::feature
