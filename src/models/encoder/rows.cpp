#include "models/encoder/rows.h"

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

TWIN_CLONES void softmax(float* y, std::int64_t n) {
  float largest = y[0];
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = 0; i < n; ++i) largest = y[i] > largest ? y[i] : largest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = exp_fast(y[i] - largest);
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
