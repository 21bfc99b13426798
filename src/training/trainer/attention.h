// Causal attention inside each sequence of a packed batch, forward and backward, by libtorch's flash kernels.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "training/trainer/weights.h"

namespace twin::training {

/// qkv: rows [query heads, key heads, value heads]; out: [T, heads · head_dim], written. `window` > 0: a token sees
/// only so many tokens, itself included. Log-sum-exps, one tensor a sequence, are for the backward pass.
void attention(const ModelShape& shape, std::int64_t window, const at::Tensor& qkv,
               const std::vector<std::int64_t>& lengths, at::Tensor out, std::vector<at::Tensor>& logsumexps);
/// The gradient of qkv.
[[nodiscard]] at::Tensor attention_gradient(const ModelShape& shape, std::int64_t window, const at::Tensor& dout,
                                            const at::Tensor& qkv, const at::Tensor& out,
                                            const std::vector<at::Tensor>& logsumexps,
                                            const std::vector<std::int64_t>& lengths);

}  // namespace twin::training
