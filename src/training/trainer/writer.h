// The model writes: token by token behind given prompts, the likeliest one or one that is drawn.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "training/trainer/transformer.h"

namespace twin::training {

struct WriteOptions {
  std::int64_t max_tokens = 64;         ///< of each answer; fewer where the model's context ends
  double temperature = 0;               ///< 0: always the likeliest token
  std::uint64_t seed = 0;               ///< of what is drawn
  std::vector<std::int64_t> ends = {};  ///< tokens that end an answer
};

struct WrittenTokens {
  std::vector<std::int64_t> ids;  ///< without the one that ended it
  bool ended = false;             ///< by such a token, not by a limit
};

/// An answer to each prompt, none of which is empty; side by side, each as if it were alone. A pure function of
/// weights, prompts and options: no state of any random generator is read or changed. `before_token` is called before
/// each token and may throw to stop.
[[nodiscard]] std::vector<WrittenTokens> write_answers(const Transformer& model,
                                                       const std::vector<std::vector<std::int32_t>>& prompts,
                                                       const WriteOptions& options,
                                                       const std::function<void()>& before_token = {});

}  // namespace twin::training
