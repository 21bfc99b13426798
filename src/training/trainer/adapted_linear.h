// A frozen linear layer, or several that read the same input, with their low-rank updates; explicit backward.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "training/trainer/adapter.h"

namespace twin::training {

/// Computes y = x·Wᵀ + scale·(x·Aᵀ)·Bᵀ as one product of widened matrices: with u = x·Aᵀ written behind x in the same
/// rows, y = [x, u]·[W, scale·B]ᵀ. The update then costs no extra pass over y, and backward gets the gradients of x and
/// u from one product as well. (Adding B·A to W itself would be cheaper still, but rounding to bfloat16 swallows
/// small updates.)
class AdaptedLinear {
 public:
  struct Part {
    at::Tensor weight;               ///< [outputs, inputs]; frozen
    const LoraPair* pair = nullptr;  ///< null: not adapted
  };
  /// Weights are copied into one matrix; their outputs lie beside each other in the order of `parts`.
  AdaptedLinear(const std::vector<Part>& parts, double scale);

  /// Brings the adapter's present weights into the compute type; call after each optimizer step.
  void refresh();

  /// Uninitialized rows [T, inputs + ranks]; the caller writes x into inputs().
  [[nodiscard]] at::Tensor make_rows(std::int64_t tokens) const;
  [[nodiscard]] at::Tensor inputs(const at::Tensor& rows) const { return rows.narrow(1, 0, inputs_); }
  [[nodiscard]] std::int64_t outputs() const { return weight_.size(0); }

  /// Fills the tail of `rows` and returns y [T, outputs]. `mask` ([T, inputs], or undefined) multiplies what A reads:
  /// dropout, already scaled by 1/(1−p).
  at::Tensor forward(at::Tensor& rows, const at::Tensor& mask) const;
  /// Adds to the gradients of the pairs and returns dx [T, inputs] (undefined when not `needs_input`).
  at::Tensor backward(const at::Tensor& rows, const at::Tensor& dy, const at::Tensor& mask, bool needs_input) const;

 private:
  struct Slot {
    const LoraPair* pair;
    std::int64_t first_output, outputs, first_rank;
  };

  std::int64_t inputs_ = 0, ranks_ = 0;
  double scale_;
  at::Tensor weight_;  ///< [outputs, inputs + ranks]: [W, scale·B], B's blocks on the diagonal
  at::Tensor a_;       ///< [ranks, inputs]
  std::vector<Slot> slots_;
};

}  // namespace twin::training
