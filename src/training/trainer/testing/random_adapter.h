// Weights and adapters for tests of the model: none of them zero, so that every path is alive.
#pragma once

#include "training/trainer/adapter.h"
#include "training/trainer/testing/tiny_model.h"
#include "training/trainer/weights.h"

namespace twin::training::testing {

[[nodiscard]] ModelWeights tiny_weights(const TinyModel& options, at::ScalarType dtype = at::kFloat);

[[nodiscard]] Adapter random_adapter(const ModelShape& shape, double dropout = 0);
/// The same with DoRA, whose lengths are not those of the base any more.
[[nodiscard]] Adapter random_dora(const ModelWeights& weights);

}  // namespace twin::training::testing
