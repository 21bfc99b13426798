// Attention of a text's tokens to each other (Vaswani et al. 2017), head by head, on oneDNN.
#pragma once

#include <cstdint>
#include <memory>

#include "models/encoder/precision.h"

namespace twin::models {

/// Rows of `out` that a text's attention may write beyond its tokens.
inline constexpr std::int64_t attention_slack = 31;

/// Of one thread; not shared.
class Attention {
 public:
  /// `head`: numbers of a head. In bf16 queries, keys, values and weights are rounded to it; scores, the softmax and
  /// sums are float32.
  Attention(std::int64_t heads, std::int64_t head, Precision precision);
  ~Attention();
  Attention(const Attention&) = delete;
  Attention& operator=(const Attention&) = delete;

  /// qkv: tokens rows of queries, keys and values, each heads × head side by side. out: tokens + attention_slack rows
  /// of heads × head; what lies beyond `tokens` is not said.
  void run(const float* qkv, float* out, std::int64_t tokens);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace twin::models
