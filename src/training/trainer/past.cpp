#include "training/trainer/past.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <optional>

namespace twin::training {

Past::Past(const ModelShape& shape, at::ScalarType dtype, std::int64_t capacity)
    : query_(shape.heads * shape.head_dim), kv_heads_(shape.kv_heads), head_dim_(shape.head_dim) {
  for (std::int64_t i = 0; i < shape.layers; ++i)
    layers_.push_back(at::empty({capacity, 2 * kv_heads_ * head_dim_}, dtype));
}

void Past::keep(std::size_t layer, const at::Tensor& qkv) {
  layers_[layer].narrow(0, length_, qkv.size(0)).copy_(qkv.narrow(1, query_, 2 * kv_heads_ * head_dim_));
}

at::Tensor Past::heads(std::size_t layer, std::int64_t end, std::int64_t length, std::int64_t first) const {
  return layers_[layer]
      .narrow(0, end - length, length)
      .narrow(1, first * head_dim_, kv_heads_ * head_dim_)
      .view({length, kv_heads_, head_dim_})
      .transpose(0, 1)
      .unsqueeze(1);
}

at::Tensor Past::keys(std::size_t layer, std::int64_t end, std::int64_t length) const {
  return heads(layer, end, length, 0);
}

at::Tensor Past::values(std::size_t layer, std::int64_t end, std::int64_t length) const {
  return heads(layer, end, length, kv_heads_);
}

void attention_over_past(const ModelShape& shape, std::int64_t window, std::size_t layer, const at::Tensor& qkv,
                         std::span<const Past> pasts, at::Tensor out) {
  const auto group = shape.heads / shape.kv_heads;
  const auto width = shape.heads * shape.head_dim;
  for (std::size_t i = 0; i < pasts.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const auto end = pasts[i].length() + 1;
    const auto seen = window > 0 ? std::min(window, end) : end;
    const auto query = qkv[row].narrow(0, 0, width).view({shape.kv_heads, group, 1, shape.head_dim});
    const auto mixed = at::_scaled_dot_product_flash_attention_for_cpu(
        query, pasts[i].keys(layer, end, seen).expand({shape.kv_heads, group, seen, shape.head_dim}),
        pasts[i].values(layer, end, seen).expand({shape.kv_heads, group, seen, shape.head_dim}), 0.0,
        /*is_causal=*/false, std::nullopt, shape.attention_scale);
    out[row].copy_(std::get<0>(mixed).reshape({width}));
  }
}

}  // namespace twin::training
