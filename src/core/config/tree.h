// Parsed YAML as plain data with positions: aliases expanded, limits checked, duplicate keys found.
// Only tree.cpp knows the YAML library.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/binder.h"
#include "core/result.h"

namespace twin::config {

struct TreeEntry;

struct Tree {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string scalar;
  bool quoted = false;  ///< "12" in quotes is a text, not a number
  int line = 0;         ///< from 1; 0 for values that come from no file
  int column = 0;       ///< from 1, in characters
  std::string source;   ///< the file, or the origin of a single value
  std::string given;    ///< of a single value: its text before parsing
  std::vector<Tree> items;
  std::vector<TreeEntry> entries;

  /// "twin.yaml:12:5", or the origin of a single value.
  [[nodiscard]] std::string where() const;
  /// "twin.yaml:12" (file name only), or the origin of a single value.
  [[nodiscard]] std::string origin() const;
  [[nodiscard]] bool from_file() const { return line > 0; }
};

struct TreeEntry {
  std::string key;
  Tree position;  ///< of the key; no value
  Tree value;
};

/// A YAML text whose top is a map (or nothing). Problems go into `errors`; what could be read is returned.
[[nodiscard]] Tree parse_yaml(const std::string& text, const std::filesystem::path& file, const YamlLimits& limits,
                              std::vector<Error>& errors);
/// Single values by dotted key, nested into a map.
[[nodiscard]] Tree tree_of_values(const Layer& layer, const YamlLimits& limits);
/// A scalar as YAML, quoted where it would otherwise read as something else than a text.
[[nodiscard]] std::string yaml_text(const std::string& text);

}  // namespace twin::config
