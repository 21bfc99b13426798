// MinHash signatures (Broder 1997): the share of equal places of two signatures estimates the Jaccard similarity of
// the sets they were made of.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace twin::feature {

inline constexpr std::size_t permutations = 128;
using Signature = std::array<std::uint32_t, permutations>;

/// The lowest value of each permutation h → a·h + b (mod 2^32, a odd) over the upper halves of the hashes; repeats do
/// not matter. Of no hashes: all ones. The same on every processor; AVX2 or AVX-512 is used where there is one.
[[nodiscard]] Signature minhash(std::span<const std::uint64_t> hashes);

/// Share of equal places, 0 to 1: unbiased, with a standard deviation of at most 0.5 / sqrt(permutations).
[[nodiscard]] double estimate(const Signature& a, const Signature& b);

}  // namespace twin::feature
