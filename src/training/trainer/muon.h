// Muon (Jordan et al. 2024): momentum whose matrices are made orthogonal before each step.
#pragma once

#include <span>
#include <vector>

#include "training/trainer/optimizer.h"

namespace twin::training {

/// The nearest matrix with equal singular values, roughly: `steps` Newton-Schulz iterations of the quintic with the
/// coefficients 3.4445, −4.7750, 2.0315, after which singular values lie between about 0.7 and 1.2. float32, two
/// dimensions; zeros stay zeros.
[[nodiscard]] at::Tensor orthogonalized(const at::Tensor& matrix, int steps);

/// For each matrix M of the adapter (A and B), with gradient G and momentum μ: M ← μ·M + (1 − μ)·G; the step is the
/// orthogonalized (1 − μ)·G + μ·M (Nesterov), times 0.2·√max(rows, columns): each weight moves by 0.2 of the learning
/// rate, as AdamW's do in a long run (Liu et al. 2025). Weights that are no matrix (DoRA's lengths) follow AdamW.
class Muon final : public Optimizer {
 public:
  /// `matrices`: disjoint, by first weight.
  Muon(const at::Tensor& weights, std::vector<MatrixPlace> matrices, double momentum_share, int steps);
  [[nodiscard]] std::map<std::string, at::Tensor> state() const override;

  at::Tensor momentum;  ///< float32, like the weights; AdamW's first moment where there is no matrix

 private:
  /// Weights between the matrices.
  struct Rest {
    std::int64_t first = 0, count = 0;
    std::int64_t second = 0;  ///< where its second moments begin
  };

  void update(float* weights, const float* gradients, std::int64_t count, const simd::AdamStep& how) override;
  void update_matrix(const MatrixPlace& place, float* weights, const float* gradients, const simd::AdamStep& how) const;

  std::vector<MatrixPlace> matrices_;
  std::vector<Rest> rest_;
  at::Tensor second_moment_;  ///< float32, of the rest
  double mu_;
  int steps_;
};

}  // namespace twin::training
