// Loops over one row of floats: what an encoder does between its matrix products. Compiled for several instruction sets
// and chosen at run time.
#pragma once

#include <cstdint>

namespace twin::models::rows {

/// y += a
void add(const float* a, float* y, std::int64_t n);
/// y = (y − mean) / √(variance + epsilon) · scale + shift (Ba et al. 2016)
void layer_norm(float* y, const float* scale, const float* shift, float epsilon, std::int64_t n);
/// y = exp(y) / Σ exp(y)
void softmax(float* y, std::int64_t n);
/// Divides by the Euclidean length; a row of zeros stays.
void normalize(float* y, std::int64_t n);

}  // namespace twin::models::rows
