#include "models/encoder/rows.h"

#include <bit>
#include <cmath>

// The resolvers that target_clones makes run before a sanitizer is ready.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define TWIN_CLONES
#else
#define TWIN_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

namespace twin::models::rows {
namespace {

/// exp of x ≤ 0 by 2ⁿ·p(r), |r| ≤ ln2/2: relative error below 2e-7, branch-free so that it vectorizes.
__attribute__((always_inline)) inline float exp_of_negative(float x) {
  x = x < -87.0f ? -87.0f : x;
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

}  // namespace

TWIN_CLONES void add(const float* a, float* y, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] += a[i];
}

TWIN_CLONES void layer_norm(float* y, const float* scale, const float* shift, float epsilon, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += y[i];
  const float mean = sum / static_cast<float>(n);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (std::int64_t i = 0; i < n; ++i) squares += (y[i] - mean) * (y[i] - mean);
  const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(n) + epsilon);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = (y[i] - mean) * inverse * scale[i] + shift[i];
}

TWIN_CLONES void softmax(float* y, std::int64_t n) {
  float largest = y[0];
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = 0; i < n; ++i) largest = y[i] > largest ? y[i] : largest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = exp_of_negative(y[i] - largest);
    sum += y[i];
  }
  const float inverse = 1.0f / sum;
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] *= inverse;
}

TWIN_CLONES void normalize(float* y, std::int64_t n) {
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (std::int64_t i = 0; i < n; ++i) squares += y[i] * y[i];
  if (!(squares > 0)) return;
  const float inverse = 1.0f / std::sqrt(squares);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] *= inverse;
}

}  // namespace twin::models::rows
