// The name of what a job computes: checkpoints and results of another job are never taken for it.
#pragma once

#include <string>

#include "training/train_job.h"

namespace twin::training {

/// Names everything that the result depends on: data, base model (by `base_sha256`), resolved settings, the program.
/// Threads and intervals are left out (TrainConfig::bind says which). Throws Fatal when a file cannot be read.
[[nodiscard]] std::string job_key(const TrainJob& job, const std::string& base_sha256);

}  // namespace twin::training
