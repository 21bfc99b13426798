// The trained part: low-rank updates of linear layers (LoRA, Hu et al. 2021), W + alpha/r · B·A; with DoRA (Liu et al.
// 2024) also the length of each row of that sum.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "training/train_job.h"
#include "training/trainer/optimizer.h"
#include "training/trainer/weights.h"

namespace twin::training {

/// The update of one linear layer. All tensors are views into Adapter's flat storage.
struct LoraPair {
  std::int64_t layer = 0;
  std::string module;  ///< q_proj … down_proj, in the Hugging Face layout of the model
  at::Tensor a;        ///< float32 [r, inputs]
  at::Tensor b;        ///< float32 [outputs, r]
  at::Tensor grad_a, grad_b;
  at::Tensor magnitude, grad_magnitude;  ///< float32 [outputs]: DoRA's lengths of rows; else undefined
};

/// Weights and gradients of all pairs, each in one flat float32 tensor: norms, optimizer and checkpoints work on these.
class Adapter {
 public:
  /// Targets that the model does not have are ErrorKind::usage (thrown as Fatal).
  Adapter(const ModelShape& shape, const LoraConfig& config);

  /// A uniform in ±1/√inputs (as PEFT does: Kaiming with a = √5), B zero: the update starts at nothing. DoRA's lengths
  /// are those of the base's rows: start_magnitudes().
  void initialize(std::int64_t seed);

  [[nodiscard]] const LoraPair* find(std::int64_t layer, const std::string& module) const;
  [[nodiscard]] const std::vector<LoraPair>& pairs() const { return pairs_; }
  /// Where A and B of all pairs lie in the flat storage, in its order.
  [[nodiscard]] std::vector<MatrixPlace> matrices() const;
  [[nodiscard]] double scale() const;
  [[nodiscard]] const LoraConfig& config() const { return config_; }

  at::Tensor weights;    ///< float32 [n]
  at::Tensor gradients;  ///< float32 [n]

 private:
  LoraConfig config_;
  std::vector<LoraPair> pairs_;
};

}  // namespace twin::training
