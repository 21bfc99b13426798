// Blocks of Markdown put together: what nests and what is fenced.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twin::feature {

/// Prefixes the first line with `first` and the others with `rest`; empty lines get `rest` without trailing blanks.
[[nodiscard]] std::string indent_block(std::string_view text, std::string_view first, std::string_view rest);

[[nodiscard]] std::string join_blocks(const std::vector<std::string>& blocks, std::string_view separator);

/// Code between fences longer than any in it, without empty lines at either end. Empty when there is no code.
[[nodiscard]] std::string fenced_block(std::string_view code, const std::string& language);

}  // namespace twin::feature
