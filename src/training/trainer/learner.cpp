#include "training/trainer/learner.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "training/trainer/dora.h"
#include "training/trainer/prepare.h"

namespace twin::training {
namespace {

/// What the ranks computed of a step becomes the whole on each: gradients in one flat buffer, then the losses.
StepLoss sum_over(World& world, Adapter& adapter, const StepLoss& share) {
  if (world.size() == 1) return share;
  world.sum(adapter.gradients);
  const auto sums = share.sums();
  auto values = at::empty({static_cast<std::int64_t>(sums.size())}, at::kDouble);
  std::copy(sums.begin(), sums.end(), values.data_ptr<double>());
  world.sum(values);
  return StepLoss::of(std::span<const double>(values.data_ptr<double>(), sums.size()));
}

}  // namespace

bool LearnedStep::is_finite() const {
  return std::isfinite(loss.loss) && std::isfinite(norm);
}

Learner::Learner(const TrainConfig& config, const GgufReader& base, const Method& method, World& world,
                 std::function<void()> before_part)
    : config_(config), world_(world) {
  auto weights = value_or_throw(load_weights(base, scalar_type(config.dtype), config.quantize_base));
  adapter_ = std::make_unique<Adapter>(weights.shape, config.lora);
  adapter_->initialize(config.seed);
  start_magnitudes(*adapter_, weights);
  optimizer_ = make_optimizer(config, adapter_->weights, adapter_->matrices());
  model_ = std::make_unique<Transformer>(
      std::move(weights), adapter_.get(),
      TransformerOptions{.neftune = config.neftune, .checkpointing = config.checkpointing});
  objective_ = std::make_unique<Objective>(*model_, method, config, world);
  objective_->before_part = std::move(before_part);
}

LearnedStep Learner::step(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t step,
                          std::int64_t steps) {
  adapter_->gradients.zero_();
  LearnedStep outcome;
  outcome.loss = sum_over(world_, *adapter_, objective_->learn(group, samples, step));
  outcome.lr = learning_rate(config_, step, steps);
  if (!std::isfinite(outcome.loss.loss)) return outcome;
  outcome.norm = optimizer_->step(adapter_->weights, adapter_->gradients, config_, outcome.lr, step);
  if (std::isfinite(outcome.norm)) model_->refresh();
  return outcome;
}

}  // namespace twin::training
