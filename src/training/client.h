// Runs twin-train as a child process: the only way the rest of Twin trains, so that `twin` links no libtorch.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "training/train_job.h"
#include "training/train_plan.h"

namespace twin::training {

/// How long the trainer may take to finish a part of a step and write its checkpoint when it is asked to stop.
inline constexpr int stop_grace_s = 300;

/// What the model answers to one of the prompts of `samples`.
struct TrainAnswer {
  std::string prompt;
  std::string expected;  ///< the author's own answer, or empty
  std::string answer;
  bool ended = false;  ///< by the model; else at samples.max_tokens
};

/// A line of progress while training.
struct TrainEvent {
  std::int64_t step = 0, steps = 0;
  double loss = 0, lr = 0, tokens_per_s = 0, grad_norm = 0;
  double reward_margin = 0, reward_accuracy = 0;  ///< of preference methods
  bool evaluation = false;                        ///< then eval_loss and the rewards are set, the others are 0
  double eval_loss = 0;
  std::vector<TrainAnswer> answers = {};  ///< not empty: the answers behind this step, and no more
};

/// Resumes from the newest complete checkpoint in job.out when the job is the same; a job that already finished there
/// returns its result at once. Stopping is given stop_grace_s to write a checkpoint. `on_event` is called from another
/// thread. With job.config.nproc > 1 so many processes train together on this machine: when one of them dies, the
/// others end after a checkpoint and the error names it. The program is the twin-train found by find_program(), or the
/// one that $TWIN_TRAIN names.
[[nodiscard]] Result<TrainResult> run_training(const TrainJob& job, ProgressSink& progress,
                                               const std::function<void(const TrainEvent&)>& on_event,
                                               std::stop_token stop);
/// What the job will take, without training: the size of the run, its memory, and its time by a probe of this machine.
[[nodiscard]] Result<TrainPlan> run_planning(const TrainJob& job, ProgressSink& progress, std::stop_token stop);
/// One ScoredItem per line of job.data, in order.
[[nodiscard]] Result<std::vector<ScoredItem>> run_scoring(const ScoreJob& job, ProgressSink& progress,
                                                          std::stop_token stop);

}  // namespace twin::training
