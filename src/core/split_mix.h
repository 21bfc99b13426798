// A 64-bit mixing function: every bit of the input changes every bit of the output.
#pragma once

#include <cstdint>

namespace twin {

inline constexpr std::uint64_t split_mix_step = 0x9E3779B97F4A7C15u;
/// SplitMix64 (Steele, Lea, Flood 2014): of x, x + split_mix_step, x + 2 * split_mix_step … it is that generator's
/// numbers.
[[nodiscard]] constexpr std::uint64_t split_mix(std::uint64_t x) {
  x += split_mix_step;
  x = (x ^ (x >> 30u)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27u)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31u);
}

}  // namespace twin
