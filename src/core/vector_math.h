// For loops over floats that are compiled for several instruction sets and chosen at run time.
#pragma once

#include <bit>
#include <cstdint>

/// Before a function whose loops should use what the processor has. The resolvers that this makes run before a
/// sanitizer is ready, so that sanitized builds do without.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define TWIN_CLONES
#else
#define TWIN_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

namespace twin {

/// exp by 2ⁿ·p(r), |r| ≤ ln2/2: relative error below 2e-7 in the range of floats, branch-free so that it vectorizes.
__attribute__((always_inline)) inline float exp_fast(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  constexpr float magic = 12582912.0f;  // 1.5·2²³: adding it rounds to the nearest integer
  const float shifted = x * 1.44269504f + magic;
  const float n = shifted - magic;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return p * std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23);
}

}  // namespace twin
