// Characters of ASCII, for names and numbers in protocols: bytes of any other kind are none of these and left as they
// are.
#pragma once

#include <string>
#include <string_view>

namespace twin::text {

[[nodiscard]] constexpr bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_ascii_lower(char c) {
  return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_ascii_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_ascii_letter(char c) {
  return is_ascii_lower(c) || is_ascii_upper(c);
}
[[nodiscard]] constexpr bool is_ascii_alnum(char c) {
  return is_ascii_letter(c) || is_ascii_digit(c);
}
[[nodiscard]] constexpr bool is_ascii_hex(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
/// Of a character that is_ascii_hex(): 0 … 15; of another one -1.
[[nodiscard]] constexpr int hex_value(char c) {
  if (is_ascii_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

[[nodiscard]] constexpr char ascii_lower(char c) {
  return is_ascii_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] constexpr char ascii_upper(char c) {
  return is_ascii_lower(c) ? static_cast<char>(c - ('a' - 'A')) : c;
}

/// Never fails: unlike fold(), it takes bytes that are no UTF-8, as foreign headers and addresses may hold.
[[nodiscard]] inline std::string ascii_lower(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

[[nodiscard]] inline std::string ascii_upper(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) c = ascii_upper(c);
  return out;
}

}  // namespace twin::text
