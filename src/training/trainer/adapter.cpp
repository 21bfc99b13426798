#include "training/trainer/adapter.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/i18n.h"

namespace twin::training {

Adapter::Adapter(const ModelShape& shape, const LoraConfig& config) : config_(config) {
  std::int64_t total = 0;
  for (const auto& name : config.targets) {
    const auto module = shape.module(name);
    if (module.outputs == 0)
      throw Fatal(ErrorKind::usage, tr("The model has no linear layer {}", name), "lora.targets");
    total += shape.layers * (config.r * (module.inputs + module.outputs) + (config.dora ? module.outputs : 0));
  }
  weights = at::zeros({total}, at::kFloat);
  gradients = at::zeros({total}, at::kFloat);

  std::int64_t at = 0;
  const auto take = [&](const at::Tensor& flat, std::int64_t rows, std::int64_t columns) {
    return flat.narrow(0, at, rows * columns).view({rows, columns});
  };
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    for (const auto& name : ModelShape::modules()) {
      if (std::count(config.targets.begin(), config.targets.end(), name) == 0) continue;
      const auto module = shape.module(name);
      LoraPair pair{.layer = layer,
                    .module = name,
                    .a = {},
                    .b = {},
                    .grad_a = {},
                    .grad_b = {},
                    .magnitude = {},
                    .grad_magnitude = {}};
      pair.a = take(weights, config.r, module.inputs);
      pair.grad_a = take(gradients, config.r, module.inputs);
      at += config.r * module.inputs;
      pair.b = take(weights, module.outputs, config.r);
      pair.grad_b = take(gradients, module.outputs, config.r);
      at += config.r * module.outputs;
      if (config.dora) {
        pair.magnitude = weights.narrow(0, at, module.outputs);
        pair.grad_magnitude = gradients.narrow(0, at, module.outputs);
        at += module.outputs;
      }
      pairs_.push_back(std::move(pair));
    }
  }
}

void Adapter::initialize(std::int64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(seed));
  for (auto& pair : pairs_) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(pair.a.size(1)));
    pair.a.uniform_(-bound, bound, generator);
    pair.b.zero_();
  }
}

std::vector<MatrixPlace> Adapter::matrices() const {
  std::vector<MatrixPlace> places;
  for (const auto& pair : pairs_) {
    for (const auto* matrix : {&pair.a, &pair.b})
      places.push_back({matrix->storage_offset(), matrix->size(0), matrix->size(1)});
  }
  return places;
}

double Adapter::scale() const {
  const double r = config_.r;
  return config_.alpha / (config_.rslora ? std::sqrt(r) : r);
}

const LoraPair* Adapter::find(std::int64_t layer, const std::string& module) const {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(),
                                  [&](const LoraPair& p) { return p.layer == layer && p.module == module; });
  return found == pairs_.end() ? nullptr : &*found;
}

}  // namespace twin::training
