// What a finished run leaves in job.out: the adapter in both forms (or a merged model), the model card, result.json.
#pragma once

#include <optional>
#include <string>

#include "training/train_job.h"
#include "training/trainer/learner.h"
#include "training/trainer/trainer.h"
#include "training/trainer/training_set.h"

namespace twin::training {

class RunOutput {
 public:
  /// `job` is resolved and must outlive this; `key` is its job_key().
  RunOutput(const TrainJob& job, std::string key) : job_(job), key_(std::move(key)) {}

  /// The result of an earlier run of the same job that ended and whose files are there.
  [[nodiscard]] std::optional<TrainResult> finished() const;
  /// Names the files in `result`.
  void name_files(TrainResult& result) const;
  /// Writes them; result.json, which says that the run ended, is the last. Fills in peak_rss_bytes. Throws Fatal.
  void write(TrainResult& result, const Learner& learner, const TrainingSet& set, const Hooks& hooks) const;

 private:
  [[nodiscard]] std::filesystem::path result_file() const { return job_.out / "result.json"; }
  void merge_with_base(const TrainResult& result, const Hooks& hooks) const;

  const TrainJob& job_;
  std::string key_;
};

}  // namespace twin::training
