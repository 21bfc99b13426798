// Cut points: where a text may be cut when no sentence or line ends there.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/text/sentences.h"

namespace twin::feature {

/// What is never cut through, where there is no white space to cut at.
enum class Whole {
  code_points,  ///< as strategy "structure" cuts
  graphemes,    ///< characters as a reader sees them (UAX #29); only one too long for a passage is cut through
};

[[nodiscard]] bool is_white(char c);
/// Without white space at both ends. Under Whole::graphemes a space that carries a combining mark is none.
[[nodiscard]] text::Span trimmed(std::string_view text, text::Span span, Whole whole = Whole::code_points);

/// The last word boundary in (start, want], else the last end of a character, else the end of the first character. A
/// grapheme of more than `longest` bytes is cut between its code points. start < end <= text.size().
[[nodiscard]] std::size_t cut_at(std::string_view text, std::size_t start, std::size_t want, std::size_t end,
                                 std::size_t longest, Whole whole);

}  // namespace twin::feature
