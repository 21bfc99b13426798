// Text as the tokenizer sees it: folded characters that remember the bytes they came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace twin::stores {

/// One character in NFC, case-folded.
struct Cell {
  enum class Kind : std::uint8_t { other, letter, digit, hangul, cjk };
  char32_t value = 0;
  Kind kind = Kind::other;
  bool upper = false;     ///< was an upper-case letter before folding
  std::size_t start = 0;  ///< bytes of the source, combining marks included
  std::size_t end = 0;
};

/// Appends the cells of `bytes` (which begin at offset `base` of the source). Any bytes will do: invalid UTF-8 becomes
/// cells of kind other. Decomposed text (NFD, conjoining jamo) gives the cells of its composed form.
void append_cells(std::string_view bytes, std::size_t base, std::vector<Cell>& cells);

}  // namespace twin::stores
