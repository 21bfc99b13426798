#include "training/trainer/dora.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace twin::training {
namespace {

constexpr double smallest_norm = 1e-20;  // a row of zeros stays one

at::Tensor as_floats(const FrozenMatrix& matrix) {
  if (matrix.dense.defined()) return matrix.dense.to(at::kFloat);
  auto wide = at::empty({matrix.rows(), matrix.columns}, at::kFloat);
  matrix.write_to(wide);
  return wide;
}

const FrozenMatrix& linear_of(const LayerWeights& layer, const std::string& module) {
  if (module == "q_proj") return layer.query;
  if (module == "k_proj") return layer.key;
  if (module == "v_proj") return layer.value;
  if (module == "o_proj") return layer.output;
  if (module == "gate_proj") return layer.gate;
  return module == "up_proj" ? layer.up : layer.down;
}

}  // namespace

at::Tensor row_squares(const FrozenMatrix& matrix) {
  return as_floats(matrix).square().sum(1);
}

at::Tensor updated_row_norms(const FrozenMatrix& matrix, const at::Tensor& squares, const LoraPair& pair,
                             double scale) {
  const auto cross = (at::mm(as_floats(matrix), pair.a.t()) * pair.b).sum(1);
  const auto own = (at::mm(pair.b, at::mm(pair.a, pair.a.t())) * pair.b).sum(1);
  return (squares + cross * (2 * scale) + own * (scale * scale)).clamp_min(0).sqrt().clamp_min(smallest_norm);
}

void start_magnitudes(const Adapter& adapter, const ModelWeights& weights) {
  for (const auto& pair : adapter.pairs()) {
    if (!pair.magnitude.defined()) continue;
    const auto& matrix = linear_of(weights.layers[static_cast<std::size_t>(pair.layer)], pair.module);
    pair.magnitude.copy_(row_squares(matrix).sqrt());
  }
}

}  // namespace twin::training
