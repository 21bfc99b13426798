// Texts as words for the comparison of n-grams: case, punctuation and spacing of Korean do not matter.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace twin::feature {

/// A word is a run of letters and digits, apostrophes inside left out; a syllable of Hangul or a character of Chinese
/// or Japanese is a unit of its own and weighs half a word, however it is spaced: Korean says in two syllables about
/// what English says in a word. So an n-gram of 13 words is 26 syllables, or any mixture that weighs as much.
struct WordUnit {
  std::uint64_t hash = 0;
  std::uint32_t start = 0, end = 0;  ///< bytes
  std::uint8_t weight = 2;           ///< in half words
};

/// Valid UTF-8 in NFC, below 4 GiB.
void word_units(std::string_view nfc, std::vector<WordUnit>& out);

}  // namespace twin::feature
