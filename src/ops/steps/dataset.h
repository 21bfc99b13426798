// What the two dataset steps share.
#pragma once

#include <string>

#include "feature/datasets/datasets.h"
#include "ops/pipeline/step.h"

namespace twin::ops {

[[nodiscard]] feature::DatasetContext dataset_context(StepContext& context, const std::string& kind);
/// Configuration, versions and prompt that decide what a dataset holds.
[[nodiscard]] Json dataset_key(StepContext& context);
/// The dataset on disk is the recorded one: its manifest has the artifact's hash.
[[nodiscard]] bool dataset_present(Project& project, const std::vector<stores::Artifact>& outputs);
[[nodiscard]] StepOutcome dataset_outcome(StepContext& context, const std::string& kind,
                                          const feature::DatasetReport& report);

}  // namespace twin::ops
