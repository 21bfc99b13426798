// Block-wise dynamic quantization (Dettmers et al. 2021): a block's values as shares of its largest magnitude, each
// share one of 256 that are dense near zero (dynamic tree quantization, Dettmers 2016).
#pragma once

#include <array>
#include <cstdint>

namespace twin::training::eight_bit {

constexpr std::int64_t block = 256;  ///< values that share a scale

enum class Sign { both, positive };

/// The 256 shares, ascending. Decade by decade from 1e-7 to 1, the number of equal steps doubles; with both signs, or
/// of positive numbers only and then twice as dense; 0 and 1 besides.
[[nodiscard]] const std::array<float, 256>& shares(Sign sign);
[[nodiscard]] int code_of_zero(Sign sign);

/// Codes of `count` (at most `block`) values by the nearest share; returns the scale, 0 for zeros only. A positive
/// number never becomes 0: it would be what a step is divided by.
float narrow(Sign sign, const float* values, std::uint8_t* codes, std::int64_t count);
void widen(Sign sign, const std::uint8_t* codes, float scale, float* values, std::int64_t count);

}  // namespace twin::training::eight_bit
