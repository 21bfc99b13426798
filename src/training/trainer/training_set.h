// The samples of a run: read, checked against the method, tokenized, fitted to the longest length.
#pragma once

#include <string>
#include <vector>

#include "training/trainer/fit.h"
#include "training/trainer/methods/method.h"
#include "training/trainer/prepare.h"

namespace twin::training {

struct TrainingSet {
  std::vector<EncodedSample> train, eval;
  std::vector<DroppedSample> dropped;       ///< of train
  std::vector<DroppedSample> dropped_eval;  ///< of eval
  std::string eval_skipped;                 ///< why `eval` is empty although job.eval_data is given, or empty
  std::string default_template;             ///< name of the one that is used because the model has none, or empty
};

/// `job.config` is resolved (resolve_config). Throws Fatal: a line of a form that the method cannot learn from, no
/// sample left, an evaluation file without samples (with one in which none fits: if job.need_eval), max_length beyond
/// the model's context.
[[nodiscard]] TrainingSet load_training_set(const TrainJob& job, const Method& method, const GgufReader& base,
                                            const std::string& base_sha256, const Hooks& hooks);

/// dropped.jsonl and dropped_eval.jsonl in job.out. Throws Fatal.
void write_dropped(const TrainJob& job, const TrainingSet& set);

/// Fills in what the config leaves to the machine and the method: dtype, lr, too_long.
[[nodiscard]] TrainConfig resolve_config(TrainConfig config, const Method& method);

}  // namespace twin::training
