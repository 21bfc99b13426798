// Characters as a reader sees them.
#pragma once

#include <cstddef>
#include <string_view>

namespace twin::text {

/// End of the character as a reader sees it (extended grapheme cluster, UAX #29) that begins at byte `at`. One that
/// goes on beyond `limit` is not followed to its end: some place at or behind `limit` is returned. Input must be valid
/// UTF-8.
[[nodiscard]] std::size_t grapheme_end(std::string_view utf8, std::size_t at,
                                       std::size_t limit = std::string_view::npos);

}  // namespace twin::text
