#include "training/trainer/testing/random_adapter.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/files.h"
#include "training/trainer/dora.h"

namespace twin::training::testing {
namespace {

LoraConfig small_lora(double dropout, bool dora) {
  LoraConfig config;
  config.r = 4;
  config.alpha = 8;
  config.dropout = dropout;
  config.dora = dora;
  return config;
}

void fill(const LoraPair& pair) {
  auto b = pair.b;
  b.copy_(at::sin(at::arange(b.numel(), at::kFloat) * 1.7 + static_cast<double>(pair.layer)).view_as(b) * 0.1);
}

}  // namespace

ModelWeights tiny_weights(const TinyModel& options, at::ScalarType dtype) {
  const TempFolder folder;
  const auto file = folder.path() / "tiny.gguf";
  value_or_throw(disk().write(file, tiny_model(options)));
  return value_or_throw(load_weights(value_or_throw(GgufReader::open(file)), dtype));
}

Adapter random_adapter(const ModelShape& shape, double dropout) {
  Adapter adapter(shape, small_lora(dropout, false));
  adapter.initialize(5);
  for (const auto& pair : adapter.pairs()) fill(pair);
  return adapter;
}

Adapter random_dora(const ModelWeights& weights) {
  Adapter adapter(weights.shape, small_lora(0, true));
  adapter.initialize(5);
  start_magnitudes(adapter, weights);
  for (const auto& pair : adapter.pairs()) {
    fill(pair);
    auto lengths = pair.magnitude;
    lengths.mul_(at::sin(at::arange(lengths.numel(), at::kFloat)) * 0.2 + 1.1);
  }
  return adapter;
}

}  // namespace twin::training::testing
