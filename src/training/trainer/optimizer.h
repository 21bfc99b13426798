// Learning-rate schedule and the optimizers of the adapter's flat weights.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "training/train_job.h"
#include "training/trainer/simd.h"

namespace twin::training {

/// Linear warm-up, then down to min_lr·lr by a cosine or a line; constant; or constant and then linear in
/// the last config.decay of the steps (WSD, Hu et al. 2024). `step` is 1-based; 0 < step <= steps.
[[nodiscard]] double learning_rate(const TrainConfig& config, std::int64_t step, std::int64_t steps);

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Updates float32 `weights` in place with the gradient scaled so that its norm is at most config.clip (0: as is).
  /// `step` is 1-based. Returns the norm before clipping; when that is not finite nothing is changed.
  double step(at::Tensor weights, const at::Tensor& gradients, const TrainConfig& config, double lr, std::int64_t step);

  /// What it remembers between steps, by name, for checkpoints: float32 or uint8 tensors that share its memory.
  [[nodiscard]] virtual std::map<std::string, at::Tensor> state() const = 0;

 protected:
  virtual void update(float* weights, const float* gradients, std::int64_t count, const simd::AdamStep& how) = 0;
};

/// AdamW with decoupled weight decay (Loshchilov & Hutter 2019).
class AdamW final : public Optimizer {
 public:
  explicit AdamW(const at::Tensor& weights);
  [[nodiscard]] std::map<std::string, at::Tensor> state() const override;

  at::Tensor first_moment, second_moment;  ///< float32, like the weights

 private:
  void update(float* weights, const float* gradients, std::int64_t count, const simd::AdamStep& how) override;
};

/// A matrix among flat weights, row by row.
struct MatrixPlace {
  std::int64_t first = 0, rows = 0, columns = 0;
};

/// The one that config.optimizer names, with nothing to remember yet. `matrices` (by first weight) are those that Muon
/// keeps orthogonal; the other optimizers take each weight for itself.
[[nodiscard]] std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, const at::Tensor& weights,
                                                        std::vector<MatrixPlace> matrices = {});

}  // namespace twin::training
