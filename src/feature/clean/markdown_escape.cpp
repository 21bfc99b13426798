#include "feature/clean/markdown_escape.h"

#include <algorithm>
#include <array>

#include "core/text/unicode.h"
#include "feature/clean/characters.h"

namespace twin::feature {
namespace {

/// "&amp;", "&#8230;": what would be decoded.
bool is_entity(std::string_view text) {
  const std::size_t end = text.substr(0, 40).find(';');
  if (end == std::string_view::npos || end < 2) return false;
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '#'; });
}

bool must_escape(std::string_view text, std::size_t i, char after) {
  const char c = text[i];
  const char previous = i > 0 ? text[i - 1] : ' ';
  const char next = i + 1 < text.size() ? text[i + 1] : after;
  switch (c) {
    case '\\':
      // At the end it could meet a line break or what comes next.
      return next == 0 || (next > 0 && is_punctuation(static_cast<char32_t>(next)));
    case '`':
      return true;
    case '*':
      return !(is_space(previous) && (is_space(next) || next == 0));
    case '_':
      return !(is_word(previous) && is_word(next)) && !(is_space(previous) && is_space(next));
    case '~':
      return next == '~' || previous == '~';
    case '<':
      return is_alpha(next) || next == '/' || next == '!' || next == '?';
    case '&':
      return is_entity(text.substr(i));
    case '[':
      return next == '^';
    case ']':
      return next == '(' || next == '[' || next == ':';
    case '!':
      return next == '[';
    default:
      return false;
  }
}

/// Bytes that neither are white space nor begin anything that collapse_spaces() takes out.
constexpr std::array<bool, 256> solid_bytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 256; ++byte) table[byte] = true;
  for (const char c : std::string_view(" \n\t\r\f\xC2\xE2\xEF")) table[static_cast<unsigned char>(c)] = false;
  return table;
}();

/// Bytes that must_escape() may say yes to.
constexpr std::array<bool, 256> marks = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("\\`*_~<&[]!")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

std::size_t longest_run(std::string_view text, char c) {
  std::size_t longest = 0, run = 0;
  for (const char x : text) {
    run = x == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// Length of what opens a block at the beginning of a line; the escape goes before its last character. 0: nothing.
std::size_t block_opener(std::string_view line) {
  if (line.empty()) return 0;
  const auto ends = [&](std::size_t at) { return at >= line.size() || line[at] == ' '; };
  const std::size_t hashes = std::min(line.find_first_not_of('#'), line.size());
  if (hashes >= 1 && hashes <= 6 && ends(hashes)) return 1;
  if (line[0] == '>') return 1;
  if ((line[0] == '-' || line[0] == '+' || line[0] == '*') && ends(1)) return 1;
  if (line.find_first_not_of("-= ") == std::string_view::npos) return 1;
  if (line.substr(0, 3) == "~~~") return 1;
  if (line[0] == '|') return 1;
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  if (digits >= 1 && digits <= 9 && digits < line.size() && (line[digits] == '.' || line[digits] == ')') &&
      ends(digits + 1)) {
    return digits + 1;
  }
  if (line.substr(0, 3) == "[ ]" || line.substr(0, 3) == "[x]" || line.substr(0, 3) == "[X]") return 1;
  return 0;
}

}  // namespace

std::string collapse_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t run = i;
    while (i < text.size() && solid_bytes[static_cast<unsigned char>(text[i])]) ++i;
    out.append(text, run, i - run);
    if (i >= text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const auto third = i + 2 < text.size() ? static_cast<unsigned char>(text[i + 2]) : 0;
    const bool no_break_space = c == 0xC2 && next == 0xA0;
    if (is_space(text[i]) || no_break_space) {
      if (out.empty() || out.back() != ' ') out += ' ';
      i += no_break_space ? 1 : 0;
    } else if (c == 0xC2 && next == 0xAD) {  // soft hyphen
      ++i;
    } else if ((c == 0xE2 && next == 0x80 && third == 0x8B) || (c == 0xEF && next == 0xBB && third == 0xBF)) {
      i += 2;  // zero-width space, byte order mark
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string escape_markdown(std::string_view text, char next) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!marks[static_cast<unsigned char>(text[i])] || !must_escape(text, i, next)) continue;
    out.append(text, from, i - from);
    out += '\\';
    from = i;
  }
  out.append(text, from);
  return out;
}

std::string escape_line_starts(std::string_view paragraph) {
  std::string out;
  out.reserve(paragraph.size() + 8);
  for (std::size_t at = 0; at <= paragraph.size();) {
    const std::size_t end = std::min(paragraph.find('\n', at), paragraph.size());
    const auto line = paragraph.substr(at, end - at);
    const std::size_t opener = block_opener(line);
    if (opener > 0) {
      out += line.substr(0, opener - 1);
      out += '\\';
      out += line.substr(opener - 1);
    } else {
      out += line;
    }
    if (end < paragraph.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::string code_span(std::string_view text) {
  const std::string content = collapse_spaces(text);
  if (text::trim(content).empty()) return {};
  const std::string fence(longest_run(content, '`') + 1, '`');
  const bool pad = content.front() == '`' || content.back() == '`';
  return fence + (pad ? " " : "") + (pad ? content : std::string(text::trim(content))) + (pad ? " " : "") + fence;
}

std::string link_destination(std::string_view url) {
  std::string out;
  bool brackets = url.empty();
  for (const char c : url) {
    if (c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '<' || c == '>') {
      out += c == '<' ? "%3C" : "%3E";
      continue;
    }
    brackets = brackets || c == ' ' || c == '(' || c == ')';
    if (c == '\\') out += '\\';
    out += c;
  }
  return brackets ? "<" + out + ">" : out;
}

}  // namespace twin::feature
