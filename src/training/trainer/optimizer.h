// Learning-rate schedule and AdamW over the adapter's flat weights.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "training/train_job.h"

namespace twin::training {

/// Linear warm-up, then down to min_lr·lr by a cosine or a line; constant; or constant and then linear in
/// the last config.decay of the steps (WSD, Hu et al. 2024). `step` is 1-based; 0 < step <= steps.
[[nodiscard]] double learning_rate(const TrainConfig& config, std::int64_t step, std::int64_t steps);

/// AdamW with decoupled weight decay (Loshchilov & Hutter 2019).
class AdamW {
 public:
  explicit AdamW(const at::Tensor& weights);

  /// Updates float32 `weights` in place with the gradient scaled so that its norm is at most config.clip (0: as is).
  /// `step` is 1-based. Returns the norm before clipping; when that is not finite nothing is changed.
  double step(at::Tensor weights, const at::Tensor& gradients, const TrainConfig& config, double lr, std::int64_t step);

  at::Tensor first_moment, second_moment;  ///< float32, like the weights
};

}  // namespace twin::training
