// What `twin train --plan` says before a run: its size, memory and time. Travels from twin-train to `twin` as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "core/result.h"
#include "training/train_job.h"

namespace twin::training {

/// Resident memory in bytes at the largest moment of a run, by what it is for.
struct MemoryPlan {
  std::int64_t process = 0;      ///< libraries, tokenized samples: measured, before the model is loaded
  std::int64_t loading = 0;      ///< of the moment while weights are read that takes the most
  std::int64_t weights = 0;      ///< frozen weights, as they lie in memory for computing
  std::int64_t adapter = 0;      ///< LoRA weights, gradients, both moments of AdamW, the best weights of early stopping
  std::int64_t activations = 0;  ///< what forward keeps for backward, of the largest part of a step
  std::int64_t scratch = 0;      ///< what a layer or a slice of logits needs besides, while it is computed
  std::int64_t checkpoint = 0;   ///< the file while it is written
  void bind(config::Binder& b);
  /// Either while loading or in a step.
  [[nodiscard]] std::int64_t peak() const;
};

/// Seconds, from a measured probe.
struct TimePlan {
  double reference = 0;   ///< log-probabilities under the reference model, before the first step
  double evaluation = 0;  ///< of all evaluations
  double steps = 0;       ///< what TrainResult::seconds counts
  double probe = 0;       ///< what measuring took
  void bind(config::Binder& b);
  [[nodiscard]] double total() const { return reference + evaluation + steps; }
};

struct TrainPlan {
  TrainConfig config;  ///< with what the machine and the method fill in
  std::int64_t steps = 0;
  std::int64_t samples = 0, dropped = 0;     ///< of the data
  std::int64_t eval_samples = 0;             ///< that each evaluation uses
  std::int64_t evaluations = 0;              ///< in all, without early stopping
  std::int64_t tokens = 0, loss_tokens = 0;  ///< over all steps, as in TrainResult
  double tokens_per_step = 0;                ///< mean
  std::int64_t parts = 0;                    ///< computed one after another, over all steps
  std::int64_t largest_part = 0;             ///< rows, filled up as Transformer::row_multiple says
  std::int64_t trained_weights = 0;          ///< of the adapter
  MemoryPlan memory;
  TimePlan time;
  [[nodiscard]] double tokens_per_s() const { return time.steps > 0 ? static_cast<double>(tokens) / time.steps : 0; }
};

[[nodiscard]] Json to_json(const TrainPlan& plan);
[[nodiscard]] Result<TrainPlan> train_plan_from_json(const Json& json);

}  // namespace twin::training
