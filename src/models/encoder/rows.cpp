#include "models/encoder/rows.h"

#include <bit>
#include <cmath>

#include "core/vector_math.h"

namespace twin::models::rows {

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

TWIN_CLONES void softmax(float* y, float scale, std::int64_t n) {
  float largest = y[0];
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = 0; i < n; ++i) largest = y[i] > largest ? y[i] : largest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = exp_fast((y[i] - largest) * scale);
    sum += y[i];
  }
  const float inverse = 1.0f / sum;
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] *= inverse;
}

TWIN_CLONES void gelu(float* y, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    // erf by Abramowitz & Stegun 1964, 7.1.26, of |y|/√2: an absolute error of 1.5e-7.
    const float x = std::abs(y[i]) * 0.70710678f;
    const float t = 1.0f / (1.0f + 0.3275911f * x);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float rest = 0.5f * p * t * exp_fast(-x * x);  // the part of a normal distribution beyond |y|
    y[i] *= y[i] < 0 ? rest : 1.0f - rest;
  }
}

TWIN_CLONES void to_bf16(const float* a, std::uint16_t* y, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(a[i]);
    y[i] = static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
  }
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
