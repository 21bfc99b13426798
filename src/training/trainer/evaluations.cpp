#include "training/trainer/evaluations.h"

#include <nlohmann/json.hpp>
#include <numeric>

namespace twin::training {

void add_rewards(const StepLoss& loss, Json& event) {
  if (loss.chosen + loss.rejected == 0) return;
  event["reward_margin"] = loss.margin();
  if (loss.pairs > 0) event["reward_accuracy"] = loss.accuracy();
}

Evaluations::Evaluations(const TrainConfig& config, const Learner& learner, const std::vector<EncodedSample>& samples,
                         World& world, std::int64_t steps, std::function<void(const Json&)> report)
    : config_(config), learner_(learner), samples_(samples), world_(world), steps_(steps), report_(std::move(report)) {}

StepLoss Evaluations::measure(std::int64_t step) {
  Group everything(samples_.size());
  std::iota(everything.begin(), everything.end(), std::size_t{0});
  const auto loss = learner_.objective().evaluate(everything, samples_);
  Json event{{"event", "eval"}, {"step", step}, {"steps", steps_}, {"eval_loss", loss.loss}};
  add_rewards(loss, event);
  report_(event);
  last_ = {step, loss};
  return loss;
}

StepLoss Evaluations::last_or_measure(std::int64_t step) {
  return last_ && last_->first == step ? last_->second : measure(step);
}

void Evaluations::when_due(RunState& state) {
  if (config_.eval_every == 0 || samples_.empty() || state.step == steps_ || state.evaluated == state.step) return;
  if (state.step % config_.eval_every != 0) return;
  if (world_.first()) compare(measure(state.step), state);
  state.evaluated = state.step;
  if (config_.early_stop > 0)
    state.stale = static_cast<std::int64_t>(world_.broadcast(static_cast<double>(state.stale)));
}

void Evaluations::compare(const StepLoss& loss, RunState& state) {
  if (config_.early_stop == 0) return;
  if (!state.best_weights.defined() || loss.loss < state.best_loss) {
    state.best_loss = loss.loss;
    state.best_weights = learner_.adapter().weights.clone();
    state.stale = 0;
  } else if (++state.stale >= config_.early_stop) {
    report_({{"event", "early_stop"}, {"step", state.step}, {"best_loss", state.best_loss}});
  }
}

bool Evaluations::exhausted(const RunState& state) const {
  return config_.early_stop > 0 && state.stale >= config_.early_stop;
}

}  // namespace twin::training
