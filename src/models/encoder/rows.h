// Loops over one row of floats: what an encoder does between its matrix products. Compiled for several instruction sets
// and chosen at run time.
#pragma once

#include <cstdint>

namespace twin::models::rows {

/// y += a
void add(const float* a, float* y, std::int64_t n);
/// y = (y − mean) / √(variance + epsilon) · scale + shift (Ba et al. 2016)
void layer_norm(float* y, const float* scale, const float* shift, float epsilon, std::int64_t n);
/// y = exp(scale·y) / Σ exp(scale·y), scale > 0
void softmax(float* y, float scale, std::int64_t n);
/// The exact GELU (Hendrycks & Gimpel 2016, with erf), to 2e-7 of |y| and an absolute 2e-7.
void gelu(float* y, std::int64_t n);
/// y = a rounded to bfloat16, to the nearest, halves to even. Of numbers, not NaN.
void to_bf16(const float* a, std::uint16_t* y, std::int64_t n);
/// Divides by the Euclidean length; a row of zeros stays.
void normalize(float* y, std::int64_t n);

}  // namespace twin::models::rows
