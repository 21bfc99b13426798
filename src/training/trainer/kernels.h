// Row-wise parts of a transformer, forward and backward, over tensors of T rows (tokens).
//
// Tensors named x or residual are float32 and contiguous; the others are the compute type (bfloat16 or float32) with
// contiguous rows, which may be a slice of wider rows. All arithmetic is float32. Rows are split over threads; no sum
// crosses a row, so the result does not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace twin::training::kernels {

/// y = x / rms(x) · weight (RMSNorm, Zhang & Sennrich 2019). Writes 1/rms per row to `scale` [T].
void rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::Tensor y, at::Tensor scale);
/// dx += the gradient through rms_norm().
void rms_norm_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scale, const at::Tensor& dy,
                       at::Tensor dx);

/// Rotary embedding in place on the first `heads` heads of each row; pairs are (i, i + head_dim/2).
/// cosine, sine: float32 [T, head_dim/2]. `backward` rotates a gradient back.
void rope(at::Tensor rows, const at::Tensor& cosine, const at::Tensor& sine, std::int64_t heads, bool backward);

/// h = silu(gate) · up, where each row of gate_up is [gate, up].
void swiglu(const at::Tensor& gate_up, at::Tensor h);
/// Gradient of gate_up from that of h.
void swiglu_backward(const at::Tensor& gate_up, const at::Tensor& dh, at::Tensor dgate_up);

/// residual += y
void add(const at::Tensor& y, at::Tensor residual);

/// −log softmax(logits)[target] per row into `nll`. The logits are spent: with scale > 0 they become the gradient of
/// scale · Σ nll, otherwise their content is undefined.
void cross_entropy(at::Tensor logits, const std::int64_t* targets, float scale, double* nll);

}  // namespace twin::training::kernels
