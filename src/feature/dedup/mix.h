// A 64-bit mixing function: every bit of the input changes every bit of the output.
#pragma once

#include <cstdint>

namespace twin::feature {

/// SplitMix64 (Steele, Lea, Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30u)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27u)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31u);
}

}  // namespace twin::feature
