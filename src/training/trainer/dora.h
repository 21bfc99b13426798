// Weight-decomposed low-rank adaptation (DoRA, Liu et al. 2024): y = m/‖W + s·B·A‖ ∘ (W + s·B·A)·x, with a trained
// length m for each row. As published (section 4.3) and in PEFT, the norm counts as a constant in the backward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include "training/trainer/adapter.h"
#include "training/trainer/frozen_matrix.h"
#include "training/trainer/weights.h"

namespace twin::training {

/// Σ w² of each row: float32 [rows].
[[nodiscard]] at::Tensor row_squares(const FrozenMatrix& matrix);

/// ‖W + scale·B·A‖ of each row, float32 [rows], from the rows' squares without making the sum:
/// ‖w‖² + 2s·b·(A·w) + s²·b·(A·Aᵀ)·b.
[[nodiscard]] at::Tensor updated_row_norms(const FrozenMatrix& matrix, const at::Tensor& squares, const LoraPair& pair,
                                           double scale);

/// The adapter's lengths become those of the base's rows, so that it changes nothing at first. Without DoRA: nothing.
void start_magnitudes(const Adapter& adapter, const ModelWeights& weights);

}  // namespace twin::training
