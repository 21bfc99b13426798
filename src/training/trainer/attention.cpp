#include "training/trainer/attention.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>
#include <optional>

namespace twin::training {
namespace {

/// The heads of one kind in rows [from, from + length) as [kv_heads, group, length, head_dim], without copying: query
/// heads of one key head form a group; for keys and values the group is 1 and may be expanded.
at::Tensor heads_view(const at::Tensor& rows, std::int64_t from, std::int64_t length, std::int64_t first_head,
                      std::int64_t kv_heads, std::int64_t group, std::int64_t head_dim) {
  const auto stride = rows.stride(0);
  return rows.as_strided({kv_heads, group, length, head_dim}, {group * head_dim, head_dim, stride, 1},
                         rows.storage_offset() + from * stride + first_head * head_dim);
}

struct Heads {
  at::Tensor query, key, value;
};

Heads split_heads(const at::Tensor& qkv, std::int64_t from, std::int64_t length, const ModelShape& shape) {
  const auto kv = shape.kv_heads;
  const auto group = shape.heads / kv;
  const auto d = shape.head_dim;
  return {heads_view(qkv, from, length, 0, kv, group, d), heads_view(qkv, from, length, shape.heads, kv, 1, d),
          heads_view(qkv, from, length, shape.heads + kv, kv, 1, d)};
}

/// What is added to the scores of a sequence that is longer than the window: [length, length]. Undefined when it is
/// not.
std::optional<at::Tensor> window_mask(std::int64_t window, std::int64_t length, at::ScalarType dtype) {
  if (window <= 0 || length <= window) return std::nullopt;
  const auto outside =
      at::ones({length, length}, at::kBool).triu(1) | at::ones({length, length}, at::kBool).tril(-window);
  return at::zeros({length, length}, dtype).masked_fill_(outside, -std::numeric_limits<double>::infinity());
}

}  // namespace

void attention(const ModelShape& shape, std::int64_t window, const at::Tensor& qkv,
               const std::vector<std::int64_t>& lengths, at::Tensor out, std::vector<at::Tensor>& logsumexps) {
  const auto group = shape.heads / shape.kv_heads;
  std::int64_t from = 0;
  for (const auto length : lengths) {
    const auto heads = split_heads(qkv, from, length, shape);
    const auto mask = window_mask(window, length, qkv.scalar_type());
    auto [result, logsumexp] = at::_scaled_dot_product_flash_attention_for_cpu(
        heads.query, heads.key.expand_as(heads.query), heads.value.expand_as(heads.query), 0.0,
        /*is_causal=*/!mask.has_value(), mask, shape.attention_scale);
    heads_view(out, from, length, 0, shape.kv_heads, group, shape.head_dim).copy_(result);
    logsumexps.push_back(logsumexp);
    from += length;
  }
}

at::Tensor attention_gradient(const ModelShape& shape, std::int64_t window, const at::Tensor& dout,
                              const at::Tensor& qkv, const at::Tensor& out, const std::vector<at::Tensor>& logsumexps,
                              const std::vector<std::int64_t>& lengths) {
  const auto group = shape.heads / shape.kv_heads;
  auto dqkv = at::empty_like(qkv);
  std::int64_t from = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto heads = split_heads(qkv, from, lengths[i], shape);
    const auto mask = window_mask(window, lengths[i], qkv.scalar_type());
    const auto view = [&](const at::Tensor& rows) {
      return heads_view(rows, from, lengths[i], 0, shape.kv_heads, group, shape.head_dim);
    };
    const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        view(dout), heads.query, heads.key.expand_as(heads.query), heads.value.expand_as(heads.query), view(out),
        logsumexps[i], 0.0, /*is_causal=*/!mask.has_value(), mask, shape.attention_scale);
    auto gradient = split_heads(dqkv, from, lengths[i], shape);
    gradient.query.copy_(dq);
    gradient.key.copy_(dk.sum(1, /*keepdim=*/true));
    gradient.value.copy_(dv.sum(1, /*keepdim=*/true));
    from += lengths[i];
  }
  return dqkv;
}

}  // namespace twin::training
