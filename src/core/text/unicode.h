// Unicode: what the rooms need of it, on utf8proc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace twin::text {

/// Byte offset of the first invalid UTF-8 sequence, or npos.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view bytes);
/// Each invalid sequence becomes U+FFFD; `replaced` (optional) counts them.
[[nodiscard]] std::string repair_utf8(std::string_view bytes, std::size_t* replaced = nullptr);
/// Unicode normalization form C (UAX #15). Input must be valid UTF-8.
[[nodiscard]] std::string nfc(std::string_view utf8);
/// NFC and full case folding.
[[nodiscard]] std::string fold(std::string_view utf8);

struct Codepoint {
  char32_t value = 0;
  std::size_t offset = 0;  ///< in bytes
  std::size_t length = 0;  ///< in bytes
};
/// Valid UTF-8 into code points with their byte offsets.
[[nodiscard]] std::vector<Codepoint> codepoints(std::string_view utf8);
[[nodiscard]] bool is_hangul(char32_t c);
[[nodiscard]] bool is_cjk(char32_t c);  ///< Han, Hiragana, Katakana
[[nodiscard]] bool is_letter(char32_t c);
[[nodiscard]] bool is_upper(char32_t c);
[[nodiscard]] bool is_lower(char32_t c);
[[nodiscard]] bool is_digit(char32_t c);
[[nodiscard]] bool is_space(char32_t c);  ///< white space, line ends and separators of any width
/// Share of letters that are Hangul, 0 to 1.
[[nodiscard]] double hangul_share(std::string_view utf8);
/// "ko" or "en" by the share of Hangul letters; empty text is "en".
[[nodiscard]] std::string guess_language(std::string_view utf8);

/// The longest prefix of at most max_bytes that does not cut a code point.
[[nodiscard]] std::string_view clip(std::string_view utf8, std::size_t max_bytes);
/// Terminal columns that a text takes (Hangul and CJK take two each).
[[nodiscard]] int columns(std::string_view utf8);
/// The longest prefix that fits into so many terminal columns.
[[nodiscard]] std::string clip_columns(std::string_view utf8, int max_columns);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// The entry of `known` nearest to `word` by edit distance, or empty when none is near. For "did you mean".
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace twin::text
