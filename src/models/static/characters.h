// Characters as Hugging Face's tokenizers class them, on utf8proc.
#pragma once

#include <string>
#include <string_view>

namespace twin::models {

/// Valid UTF-8 into code points; other bytes become U+FFFD.
[[nodiscard]] std::u32string to_utf32(std::string_view utf8);
[[nodiscard]] std::string to_utf8(std::u32string_view text);
/// Bytes of the character that begins with this byte.
[[nodiscard]] std::size_t utf8_length(char first);

/// Unicode's property White_Space.
[[nodiscard]] bool is_white_space(char32_t c);
/// Punctuation of ASCII (all signs that are neither letter, digit nor space) and Unicode's categories P*.
[[nodiscard]] bool is_punctuation(char32_t c);
/// Categories C*, but for tab and line ends.
[[nodiscard]] bool is_control(char32_t c);
/// What a regular expression's \w matches.
[[nodiscard]] bool is_word(char32_t c);
[[nodiscard]] bool is_digit_of_any_script(char32_t c);
/// Ideographs, as BERT sets blanks around them.
[[nodiscard]] bool is_bert_ideograph(char32_t c);

enum class NormalForm { c, d, kc, kd };
[[nodiscard]] std::string normalized(std::string_view utf8, NormalForm form);
/// Without marks that take no room (category Mn).
[[nodiscard]] std::string without_marks(std::string_view utf8);
[[nodiscard]] std::string lower_case(std::string_view utf8);

}  // namespace twin::models
