// The YAML block at the head of a Markdown file (Jekyll, Hugo, Obsidian …).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin::feature {

struct FrontMatter {
  std::size_t length = 0;  ///< bytes of the text that it takes, fences included; 0: there is none
  /// Values by lower-case key; a list has several entries. What is nested deeper is left out.
  std::map<std::string, std::vector<std::string>> values;
  std::string problem;  ///< why it could not be read; it is removed from the text all the same

  /// The first value under any of the keys, or empty.
  [[nodiscard]] std::string first(std::initializer_list<const char*> keys) const;
};

/// YAML between two lines "---". TOML ("+++") is cut out too, with its text as the problem.
[[nodiscard]] FrontMatter read_front_matter(std::string_view markdown);

}  // namespace twin::feature
