// A frozen linear layer, or several that read the same input, with their low-rank updates; explicit backward.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "training/trainer/adapter.h"
#include "training/trainer/frozen_matrix.h"

namespace twin::training {

/// Uninitialized [rows, width] for a product to write. Float rows never lie a multiple of a page apart: MKL's sgemm
/// writes several at once, and they would share a few lines of the cache (a third slower at 3,072 columns).
[[nodiscard]] at::Tensor make_outputs(std::int64_t rows, std::int64_t width, at::ScalarType dtype);

/// Computes y = x·Wᵀ + scale·(x·Aᵀ)·Bᵀ as one product of widened matrices: with u = x·Aᵀ written behind x in the same
/// rows, y = [x, u]·[W, scale·B]ᵀ. The update then costs no extra pass over y, and backward gets the gradients of x and
/// u from one product as well. (Adding B·A to W itself would be cheaper still, but rounding to bfloat16 swallows
/// small updates.) With DoRA (dora.h) each row of y is then multiplied by m/‖W + scale·B·A‖; dropout, where there is
/// any, applies to what A reads only.
class AdaptedLinear {
 public:
  struct Part {
    FrozenMatrix weight;             ///< [outputs, inputs]
    const LoraPair* pair = nullptr;  ///< null: not adapted
    at::Tensor bias = {};            ///< [outputs], or undefined; frozen
  };
  /// Their outputs lie beside each other in the order of `parts`. Dense weights are copied into one matrix of the type
  /// `dtype`; when one is in blocks, the matrix is built from the parts each time it is used.
  AdaptedLinear(const std::vector<Part>& parts, double scale, at::ScalarType dtype);

  /// Brings the adapter's present weights into the compute type; call after each optimizer step.
  void refresh();

  /// Uninitialized rows [T, inputs + ranks]; the caller writes x into inputs().
  [[nodiscard]] at::Tensor make_rows(std::int64_t tokens) const;
  [[nodiscard]] at::Tensor inputs(const at::Tensor& rows) const { return rows.narrow(1, 0, inputs_); }
  [[nodiscard]] std::int64_t outputs() const { return outputs_; }

  /// Fills the tail of `rows` and returns y [T, outputs]. `mask` ([T, inputs], or undefined) multiplies what A reads:
  /// dropout, already scaled by 1/(1−p).
  at::Tensor forward(at::Tensor& rows, const at::Tensor& mask) const;
  /// Adds to the gradients of the pairs and returns dx [T, inputs] (undefined when not `needs_input`).
  at::Tensor backward(const at::Tensor& rows, const at::Tensor& dout, const at::Tensor& mask, bool needs_input) const;

 private:
  struct Slot {
    const LoraPair* pair;
    std::int64_t first_output, outputs, first_rank;
    FrozenMatrix weight;       ///< DoRA only: the part's own
    at::Tensor squares, norm;  ///< DoRA only: Σ w² and ‖W + scale·B·A‖ of its rows
  };

  [[nodiscard]] at::Tensor widened() const;
  void refresh_lengths();
  at::Tensor backward_lengths(const at::Tensor& rows, const at::Tensor& dy, const at::Tensor& weight) const;

  std::int64_t inputs_ = 0, outputs_ = 0, ranks_ = 0;
  double scale_;
  at::ScalarType dtype_;
  std::vector<FrozenMatrix> blocks_;  ///< empty when weight_ is kept
  at::Tensor b_;       ///< [outputs, ranks]: scale·B, its blocks on the diagonal; a part of weight_ when that is kept
  at::Tensor weight_;  ///< [outputs, inputs + ranks]: [W, scale·B]
  at::Tensor a_;       ///< [ranks, inputs]
  at::Tensor bias_;    ///< [outputs], or undefined
  at::Tensor length_;  ///< float32 [outputs]: DoRA's factor of each output; undefined without
  std::vector<Slot> slots_;
};

}  // namespace twin::training
