// Everything a run needs to go on as if it had never stopped. A checkpoint is a folder <root>/step-NNNNNNNN with
// state.safetensors and state.json; it appears by one rename, so it is complete or not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/result.h"
#include "training/trainer/adapter.h"
#include "training/trainer/optimizer.h"
#include "training/trainer/world.h"

namespace twin::training {

/// Order of the data and dropout masks are pure functions of seed and step, so the step is also the state of both.
struct RunState {
  std::int64_t step = 0;  ///< finished optimizer steps
  std::int64_t samples = 0, tokens = 0, loss_tokens = 0;
  double seconds = 0;
  double loss = 0;
  double base_eval_loss = 0;
  std::int64_t evaluated = 0;    ///< step of the last evaluation
  std::int64_t sampled = -1;     ///< step of the last answers (AnswerSamples); -1: none yet
  double best_loss = 0;          ///< of the evaluations so far, where early stopping is on
  std::int64_t stale = 0;        ///< evaluations since then
  at::Tensor best_weights = {};  ///< the adapter's at best_loss; undefined before the first evaluation
};

/// Gives every rank what rank 0 has, but for the best weights, which only rank 0 needs.
void share_state(World& world, RunState& state, Adapter& adapter, const Optimizer& optimizer);

class Checkpoints {
 public:
  static constexpr std::size_t kept = 2;

  /// `key` names the job: checkpoints of another job are never loaded.
  Checkpoints(std::filesystem::path root, std::string key);

  [[nodiscard]] Result<void> save(const RunState& state, const Adapter& adapter, const Optimizer& optimizer);
  /// The newest complete checkpoint of this job of at most `last_step` steps, or nothing. A damaged one is passed over
  /// with a warning.
  [[nodiscard]] std::optional<RunState> load(Adapter& adapter, const Optimizer& optimizer,
                                             std::int64_t last_step) const;
  /// Removes them all.
  void clear() const;

 private:
  [[nodiscard]] std::vector<std::filesystem::path> folders() const;  ///< newest first
  [[nodiscard]] Result<RunState> load_one(const std::filesystem::path& folder, Adapter& adapter,
                                          const Optimizer& optimizer, std::int64_t last_step) const;

  std::filesystem::path root_;
  std::string key_;
};

}  // namespace twin::training
