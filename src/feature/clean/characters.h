// The character classes of CommonMark.
#pragma once

#include <utf8proc.h>

namespace twin::feature {

[[nodiscard]] inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}
[[nodiscard]] inline bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// Letters and digits; every non-ASCII byte counts as one.
[[nodiscard]] inline bool is_word(char c) {
  return is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] inline bool is_punctuation(char32_t c) {
  if (c < 0x80) return c > 0x20 && c != 0x7f && !is_word(static_cast<char>(c));
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}
[[nodiscard]] inline bool is_unicode_space(char32_t c) {
  return c == 0 || (c < 0x80 && is_space(static_cast<char>(c))) ||
         (c >= 0x80 && utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ZS);
}

}  // namespace twin::feature
