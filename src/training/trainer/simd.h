// Loops over one row of floats, compiled for several instruction sets and chosen at run time.
// They are the memory-bound part of a transformer step; matrix products are libtorch's.
#pragma once

#include <cstdint>

namespace twin::training::simd {

/// bfloat16 is the upper half of a float (round to nearest even).
void widen(const std::uint16_t* from, float* to, std::int64_t n);
void narrow(const float* from, std::uint16_t* to, std::int64_t n);

float dot(const float* a, const float* b, std::int64_t n);
/// Σ a·b·c
float dot3(const float* a, const float* b, const float* c, std::int64_t n);
/// y = x · w · scale
void scaled_product(const float* x, const float* w, float scale, float* y, std::int64_t n);
/// y += a
void add(const float* a, float* y, std::int64_t n);
/// dx += scale · (w · dy) − shift · x
void rms_norm_backward(const float* x, const float* w, const float* dy, float scale, float shift, float* dx,
                       std::int64_t n);
/// Rotates the pairs (x[i], x[i + half]) by the angles given as cosine and sine; `sign` −1 rotates back.
void rotate_halves(float* x, const float* cosine, const float* sine, float sign, std::int64_t half);
/// h = silu(gate) · up
void swiglu(const float* gate, const float* up, float* h, std::int64_t n);
void swiglu_backward(const float* gate, const float* up, const float* dh, float* dgate, float* dup, std::int64_t n);
/// h = gelu(gate) · up, gelu in its tanh form (Hendrycks & Gimpel 2016)
void geglu(const float* gate, const float* up, float* h, std::int64_t n);
void geglu_backward(const float* gate, const float* up, const float* dh, float* dgate, float* dup, std::int64_t n);
float maximum(const float* x, std::int64_t n);
/// x = exp(x − shift); returns Σ x.
float exp_sum(float* x, float shift, std::int64_t n);
void scale(float* x, float factor, std::int64_t n);
/// One AdamW update (Loshchilov & Hutter 2019) of n parameters. `correction1/2`: 1 − βᵗ.
struct AdamStep {
  float lr, beta1, beta2, epsilon, decay, correction1, correction2, gradient_scale;
};
void adamw(float* parameter, float* m, float* v, const float* gradient, const AdamStep& step, std::int64_t n);

}  // namespace twin::training::simd
