// The validation losses of a run: when they are due, and early stopping by them.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "training/trainer/checkpoint.h"
#include "training/trainer/learner.h"

namespace twin::training {

/// Adds "reward_margin" and "reward_accuracy" to an event of a preference method.
void add_rewards(const StepLoss& loss, Json& event);

class Evaluations {
 public:
  /// All must outlive this. `report` gets {"event":"eval"|"early_stop", …}.
  Evaluations(const TrainConfig& config, const Learner& learner, const std::vector<EncodedSample>& samples,
              World& world, std::int64_t steps, std::function<void(const Json&)> report);

  /// Whether there is anything to evaluate, and this process is the one that does it.
  [[nodiscard]] bool possible() const { return !samples_.empty() && world_.first(); }
  /// The loss of the weights as they are behind step `step`.
  StepLoss measure(std::int64_t step);
  /// The same, unless it was measured last.
  StepLoss last_or_measure(std::int64_t step);
  /// Measures where the settings want it behind this step, and counts evaluations without a better one: the best
  /// weights and the count are in `state`. Also after a resume: a run may have been stopped between a step and its
  /// evaluation. All processes call this.
  void when_due(RunState& state);
  /// Whether early stopping ends the run.
  [[nodiscard]] bool exhausted(const RunState& state) const;

 private:
  void compare(const StepLoss& loss, RunState& state);

  const TrainConfig& config_;
  const Learner& learner_;
  const std::vector<EncodedSample>& samples_;
  World& world_;
  std::int64_t steps_;
  std::function<void(const Json&)> report_;
  std::optional<std::pair<std::int64_t, StepLoss>> last_ = {};  ///< with its step
};

}  // namespace twin::training
