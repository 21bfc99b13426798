// What the next token of a sequence attends to: keys and values of the tokens before it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "training/trainer/weights.h"

namespace twin::training {

/// Of one sequence.
class Past {
 public:
  /// Room for `capacity` tokens, in the model's type.
  Past(const ModelShape& shape, at::ScalarType dtype, std::int64_t capacity);

  /// Tokens that all layers have seen.
  [[nodiscard]] std::int64_t length() const { return length_; }
  /// A layer's keys and values of the next tokens; qkv: their rows [tokens, query, key and value heads], rotated.
  void keep(std::size_t layer, const at::Tensor& qkv);
  /// All layers have seen so many more.
  void advance(std::int64_t tokens) { length_ += tokens; }
  /// The last `length` tokens of those that the layer keeps, of which `end` there are: keys, then values, of each head
  /// as [kv_heads, 1, length, head_dim].
  [[nodiscard]] at::Tensor keys(std::size_t layer, std::int64_t end, std::int64_t length) const;
  [[nodiscard]] at::Tensor values(std::size_t layer, std::int64_t end, std::int64_t length) const;

 private:
  [[nodiscard]] at::Tensor heads(std::size_t layer, std::int64_t end, std::int64_t length, std::int64_t first) const;

  std::int64_t query_ = 0, kv_heads_ = 0, head_dim_ = 0;
  std::int64_t length_ = 0;
  std::vector<at::Tensor> layers_;  ///< of each layer [capacity, 2 · kv_heads · head_dim]
};

/// One new token of each sequence, whose own key and value are kept already: qkv and out have a row for each. `window`
/// as in attention().
void attention_over_past(const ModelShape& shape, std::int64_t window, std::size_t layer, const at::Tensor& qkv,
                         std::span<const Past> pasts, at::Tensor out);

}  // namespace twin::training
