// Row-wise parts of a transformer, forward and backward, over tensors of T rows (tokens).
//
// Tensors named x or residual are float32 and contiguous; the others are the compute type (bfloat16 or float32) with
// contiguous rows, which may be a slice of wider rows. All arithmetic is float32. Rows are split over threads; no sum
// crosses a row, so the result does not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "training/trainer/families.h"

namespace twin::training::kernels {

/// y = x / rms(x) · weight (RMSNorm, Zhang & Sennrich 2019). Writes 1/rms per row to `scale` [T].
void rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::Tensor y, at::Tensor scale);
/// dx += the gradient through rms_norm().
void rms_norm_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scale, const at::Tensor& dy,
                       at::Tensor dx);

/// Rotary embedding in place on the first `heads` heads of each row; pairs are (i, i + head_dim/2).
/// cosine, sine: float32 [T, head_dim/2]. `backward` rotates a gradient back.
void rope(at::Tensor rows, const at::Tensor& cosine, const at::Tensor& sine, std::int64_t heads, bool backward);

/// h = silu(gate) · up, or gelu(gate) · up, where each row of gate_up is [gate, up].
void gated(Family::Gate gate, const at::Tensor& gate_up, at::Tensor h);
/// Gradient of gate_up from that of h.
void gated_backward(Family::Gate gate, const at::Tensor& gate_up, const at::Tensor& dh, at::Tensor dgate_up);

/// RMSNorm of each head in place; the weights of the first `query_heads` heads are `query`, those of the others `key`
/// (float32 [head_dim]). Writes 1/rms per head to `scale` [T, heads].
void head_norm(at::Tensor rows, const at::Tensor& query, const at::Tensor& key, std::int64_t query_heads,
               double epsilon, at::Tensor scale);
/// Turns the gradient behind head_norm() into the one before it, in place; `x`: the rows as they were before.
void head_norm_backward(const at::Tensor& x, const at::Tensor& query, const at::Tensor& key, std::int64_t query_heads,
                        const at::Tensor& scale, at::Tensor gradient);

/// residual += rms_norm(y); writes 1/rms per row to `scale` [T].
void add_norm(const at::Tensor& y, const at::Tensor& weight, double epsilon, at::Tensor residual, at::Tensor scale);
/// dy from the gradient of the residual.
void add_norm_backward(const at::Tensor& y, const at::Tensor& weight, const at::Tensor& scale,
                       const at::Tensor& dresidual, at::Tensor dy);

/// residual += y
void add(const at::Tensor& y, at::Tensor residual);

/// −log softmax(logits)[target] per row into `nll`. The logits are spent: with `gradient` they become that of Σ nll,
/// otherwise their content is undefined.
void cross_entropy(at::Tensor logits, const std::int64_t* targets, bool gradient, double* nll);

}  // namespace twin::training::kernels
