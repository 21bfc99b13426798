// All pairs of sets at or above a Jaccard similarity, exactly: what hashing is measured against.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace twin::bench {

using Pair = std::pair<std::uint32_t, std::uint32_t>;  // the smaller number first

/// By prefix filtering (Chaudhuri et al. 2006; Bayardo et al. 2007): with the elements of each set ordered by how rare
/// they are, two sets this similar share one of their first few. Every pair found so is compared in full. Sets are
/// sorted and without repeats. In ascending order.
[[nodiscard]] std::vector<Pair> exact_pairs(const std::vector<std::vector<std::uint64_t>>& sets, double threshold);

}  // namespace twin::bench
