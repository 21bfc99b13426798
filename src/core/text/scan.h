// Long texts code point by code point: what unicode.h says of one, without a call where the answer is known.
#pragma once

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::text {

/// The code point that begins at a byte before the end; of an invalid sequence U+FFFD with its length.
[[nodiscard]] Codepoint codepoint_at(std::string_view utf8, std::size_t at);

/// codepoints() into a vector that is used again.
void codepoints(std::string_view utf8, std::vector<Codepoint>& out);

/// Whether a byte of UTF-8 belongs to the code point that began before it.
[[nodiscard]] inline bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80;
}

/// Code points of valid UTF-8.
[[nodiscard]] inline std::size_t codepoint_count(std::string_view utf8) {
  return utf8.size() - static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), continues));
}

/// is_letter(): ASCII and syllables of Hangul are not looked up.
[[nodiscard]] inline bool scans_letter(char32_t c) {
  if (c < 0x80) return (c | 0x20u) >= U'a' && (c | 0x20u) <= U'z';
  return (c >= 0xAC00 && c <= 0xD7A3) || is_letter(c);
}

/// is_space(), likewise.
[[nodiscard]] inline bool scans_space(char32_t c) {
  if (c < 0x80) return c == U' ' || (c >= U'\t' && c <= U'\r');
  return !(c >= 0xAC00 && c <= 0xD7A3) && is_space(c);
}

}  // namespace twin::text
