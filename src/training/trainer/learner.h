// What a run computes with (adapter, optimizer, model, the method's loss over them), and one step of it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "training/trainer/adapter.h"
#include "training/trainer/batches.h"
#include "training/trainer/gguf_reader.h"
#include "training/trainer/methods/method.h"
#include "training/trainer/objective.h"
#include "training/trainer/optimizer.h"
#include "training/trainer/transformer.h"
#include "training/trainer/world.h"

namespace twin::training {

/// Of one optimizer step.
struct LearnedStep {
  StepLoss loss;
  double lr = 0, norm = 0;  ///< learning rate; length of the gradient before clipping
  [[nodiscard]] bool is_finite() const;
};

class Learner {
 public:
  /// Loads the base model; the adapter is new. `config` is resolved; it, `method` and `world` must outlive this.
  /// `before_part` is called before each part of a step or an evaluation and may throw to stop. Throws Fatal.
  Learner(const TrainConfig& config, const GgufReader& base, const Method& method, World& world,
          std::function<void()> before_part);

  /// Learns from a group, together with the other processes. `step` is 1-based. Weights change at the end only, and
  /// not at all where the outcome is not finite.
  [[nodiscard]] LearnedStep step(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t step,
                                 std::int64_t steps);

  [[nodiscard]] Adapter& adapter() { return *adapter_; }
  [[nodiscard]] const Adapter& adapter() const { return *adapter_; }
  [[nodiscard]] Optimizer& optimizer() { return *optimizer_; }
  [[nodiscard]] const Optimizer& optimizer() const { return *optimizer_; }
  [[nodiscard]] const Transformer& model() const { return *model_; }
  [[nodiscard]] const Objective& objective() const { return *objective_; }
  /// Brings weights that were written from outside into the model.
  void refresh() { model_->refresh(); }

 private:
  const TrainConfig& config_;
  World& world_;
  std::unique_ptr<Adapter> adapter_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Transformer> model_;
  std::unique_ptr<Objective> objective_;
};

}  // namespace twin::training
