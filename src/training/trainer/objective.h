// The loss of a method over a group of samples: the model computes part by part, the method judges whole answers.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "training/trainer/batches.h"
#include "training/trainer/methods/method.h"
#include "training/trainer/transformer.h"
#include "training/trainer/world.h"

namespace twin::training {

/// Of a step, an evaluation, or a part of one.
struct StepLoss {
  double loss = 0;                                ///< the method's, a mean over the whole step
  double chosen_reward = 0, rejected_reward = 0;  ///< sums
  std::int64_t chosen = 0, rejected = 0;          ///< how many answers they are of
  std::int64_t pairs = 0, ranked = 0;             ///< pairs, and those whose chosen answer has the higher reward

  /// Mean reward of chosen minus mean reward of rejected answers; 0 where there are not both.
  [[nodiscard]] double margin() const;
  [[nodiscard]] double accuracy() const;

  /// All members, in order, and back: every one is a sum over samples.
  [[nodiscard]] std::array<double, 7> sums() const;
  [[nodiscard]] static StepLoss of(std::span<const double> sums);
};

class Objective {
 public:
  Objective(const Transformer& model, const Method& method, const TrainConfig& config, World& world)
      : model_(model), method_(method), config_(config), world_(world) {}

  /// Called before each part; may throw to stop.
  std::function<void()> before_part;

  /// Adds the gradient of the group's mean loss to the adapter's. `step` names the dropout masks. Of several processes,
  /// each computes its share of the group (share_of()): gradients and losses are to be summed over all.
  StepLoss learn(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t step) const;
  /// The loss alone, without dropout.
  StepLoss evaluate(const Group& group, const std::vector<EncodedSample>& samples) const;
  /// Σ log p of the learned tokens of each sequence.
  std::vector<double> log_probabilities(const std::vector<const Sequence*>& sequences) const;

 private:
  StepFacts facts(const Group& group, const std::vector<EncodedSample>& samples) const;  ///< but for kl
  StepLoss part(const Group& group, const std::vector<EncodedSample>& samples, const StepFacts& facts,
                const DropoutKey* dropout, bool gradient) const;
  /// Σ over the group of log π/π_ref of the mismatched answers.
  double mismatched_log_ratio(const Group& group, const std::vector<EncodedSample>& samples) const;

  const Transformer& model_;
  const Method& method_;
  const TrainConfig& config_;
  World& world_;
};

}  // namespace twin::training
