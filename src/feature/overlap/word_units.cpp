#include "feature/overlap/word_units.h"

#include <string>

#include "core/split_mix.h"
#include "core/text/scan.h"

namespace twin::feature {
namespace {

constexpr std::uint64_t kWordBase = 0x9E6C63D0876A9A47u;  // of the polynomial over a word's characters; odd

bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'\u2019';
}
bool is_word_part(char32_t c) {
  if (c < 0x80) return (c >= U'0' && c <= U'9') || (c | 0x20u) - U'a' < 26u;
  return text::scans_letter(c) || text::is_digit(c);
}
/// The ends of a word that the fast folding below does not do.
std::uint64_t folded_hash(std::string_view word) {
  std::uint64_t hash = 0;
  for (const text::Codepoint& point : text::codepoints(text::fold(word))) {
    if (!is_apostrophe(point.value)) hash = hash * kWordBase + point.value + 1;
  }
  return split_mix(hash);
}

}  // namespace

void word_units(std::string_view nfc, std::vector<WordUnit>& out) {
  out.clear();
  for (std::size_t i = 0; i < nfc.size();) {
    text::Codepoint point = text::codepoint_at(nfc, i);
    const auto start = static_cast<std::uint32_t>(i);
    if (point.value >= 0x80 && (text::is_hangul(point.value) || text::is_cjk(point.value))) {
      i += point.length;
      out.push_back({split_mix(point.value), start, static_cast<std::uint32_t>(i), 1});
      continue;
    }
    if (!is_word_part(point.value)) {
      i += point.length;
      continue;
    }
    std::uint64_t hash = 0;
    bool ascii = true;
    std::size_t end = i;
    while (i < nfc.size()) {
      point = text::codepoint_at(nfc, i);
      if (is_apostrophe(point.value)) {
        i += point.length;
        continue;
      }
      if (!is_word_part(point.value) ||
          (point.value >= 0x80 && (text::is_hangul(point.value) || text::is_cjk(point.value)))) {
        break;
      }
      ascii = ascii && point.value < 0x80;
      const char32_t folded = point.value >= U'A' && point.value <= U'Z' ? point.value + 32 : point.value;
      hash = hash * kWordBase + folded + 1;
      i += point.length;
      end = i;
    }
    hash = ascii ? split_mix(hash) : folded_hash(nfc.substr(start, end - start));
    out.push_back({hash, start, static_cast<std::uint32_t>(end), 2});
  }
}

}  // namespace twin::feature
