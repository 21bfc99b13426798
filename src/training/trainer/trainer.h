// One training run, from a TrainJob to the exported adapter.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "models/engines/engine.h"
#include "training/ranks.h"
#include "training/train_job.h"

namespace twin::training {

/// Opens the tokenizer of the base model. Called only when samples are not tokenized yet; what it returns is destroyed
/// before training starts.
using OpenTokenizer = std::function<Result<std::unique_ptr<models::Tokenizer>>()>;

struct Hooks {
  OpenTokenizer tokenizer;
  /// {"event":"phase"|"tokenized"|"step"|"eval"|"samples"|"checkpoint"|"score", …}; called from the calling thread.
  std::function<void(const Json&)> event;
  /// Asked after each part of a step; when true a checkpoint is written and Fatal(cancelled) thrown.
  const std::atomic<bool>* stop = nullptr;
};

/// Runs the job, or resumes it from its newest checkpoint, or returns the result of a run that already finished the
/// same job in job.out. With several `ranks`, each process calls this with the same job: every step is shared between
/// them, and rank 0 alone evaluates, reports and writes. Throws Fatal; ErrorKind::network names a rank that is gone,
/// and rank 0 has written a checkpoint.
[[nodiscard]] TrainResult train(const TrainJob& job, const Hooks& hooks, const RankSpec& ranks = {});

/// One item per sample of job.data, in order. Deterministic. Throws Fatal.
[[nodiscard]] std::vector<ScoredItem> score(const ScoreJob& job, const Hooks& hooks);

}  // namespace twin::training
