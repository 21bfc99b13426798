// Quotations and brackets that close: a sentence does not end inside them.
#pragma once

#include <cstddef>
#include <vector>

#include "core/text/unicode.h"

namespace twin::text {

/// For each code point, the index of the mark that closes the outermost enclosure around it, or 0 outside of any.
/// Straight double quotes are paired by what stands beside them. What does not close within the paragraph and within
/// `most` code points encloses nothing.
[[nodiscard]] std::vector<std::size_t> enclosures(const std::vector<Codepoint>& points, std::size_t most = 400);

}  // namespace twin::text
