// What the project's stage `train` computes.
#pragma once

#include "ops/project/project.h"
#include "training/train_job.h"

namespace twin::ops {

/// Throws Fatal(usage) where the project could not serve what such a training makes: another method than sft, DoRA.
void check_servable(const training::TrainConfig& config);

/// Base model, instruction samples and settings of the project; `out` is the caller's. Throws Fatal: another method
/// than sft, DoRA, a base model that is not there, samples that were not made yet (the hint says how).
[[nodiscard]] training::TrainJob training_job(Project& project);

}  // namespace twin::ops
