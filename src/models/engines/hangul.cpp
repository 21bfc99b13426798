#include "models/engines/hangul.h"

#include "core/text/unicode.h"

namespace twin::models {
namespace {

// The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
constexpr char32_t first_syllable = 0xAC00;
constexpr char32_t last_syllable = 0xD7A3;
constexpr char32_t first_leading = 0x1100;
constexpr char32_t first_vowel = 0x1161;
constexpr char32_t before_first_trailing = 0x11A7;
constexpr char32_t vowels = 21;
constexpr char32_t trailings = 28;

/// Jamo lie in U+1100 to U+11FF: three bytes in UTF-8.
void append_jamo(std::string& out, char32_t jamo) {
  out += static_cast<char>(0xE0 | (jamo >> 12));
  out += static_cast<char>(0x80 | ((jamo >> 6) & 0x3F));
  out += static_cast<char>(0x80 | (jamo & 0x3F));
}

}  // namespace

std::string decompose_hangul(std::string_view utf8) {
  if (text::first_invalid_utf8(utf8) != std::string_view::npos) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  for (const text::Codepoint& c : text::codepoints(utf8)) {
    if (c.value < first_syllable || c.value > last_syllable) {
      out += utf8.substr(c.offset, c.length);
      continue;
    }
    const char32_t index = c.value - first_syllable;
    append_jamo(out, first_leading + index / (vowels * trailings));
    append_jamo(out, first_vowel + index / trailings % vowels);
    if (index % trailings != 0) append_jamo(out, before_first_trailing + index % trailings);
  }
  return out;
}

}  // namespace twin::models
