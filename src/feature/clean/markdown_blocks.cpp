#include "feature/clean/markdown_blocks.h"

#include <fmt/format.h>

#include <algorithm>

namespace twin::feature {

std::string indent_block(std::string_view text, std::string_view first, std::string_view rest) {
  const std::string_view bare = rest.substr(0, rest.find_last_not_of(' ') + 1);
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += at == 0 ? first : (end == at ? bare : rest);
    out += text.substr(at, end - at);
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::string join_blocks(const std::vector<std::string>& blocks, std::string_view separator) {
  std::string out;
  for (const auto& block : blocks) {
    if (!out.empty()) out += separator;
    out += block;
  }
  return out;
}

std::string fenced_block(std::string_view code, const std::string& language) {
  const std::size_t first = code.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  const std::size_t line = code.substr(0, first).rfind('\n');
  if (line != std::string_view::npos) code.remove_prefix(line + 1);
  code = code.substr(0, code.find_last_not_of(" \t\r\n") + 1);
  std::size_t run = 0, longest = 2;
  for (const char c : code) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}\n{}", fence, language, code, fence);
}

}  // namespace twin::feature
