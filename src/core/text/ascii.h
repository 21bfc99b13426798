// Letters of ASCII, for names in protocols: bytes of any other kind are left as they are.
#pragma once

#include <string>
#include <string_view>

namespace twin::text {

/// Never fails: unlike fold(), it takes bytes that are no UTF-8, as foreign headers and addresses may hold.
[[nodiscard]] inline std::string ascii_lower(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

[[nodiscard]] inline std::string ascii_upper(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

}  // namespace twin::text
