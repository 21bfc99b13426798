// Collecting as a project does it: what the step, `twin collect --dry-run` and `twin sources` share.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/collect/collect.h"
#include "ops/project/project.h"

namespace twin::ops {

/// The project's stores, its polite HTTP client and its secrets.
[[nodiscard]] feature::CollectContext collect_context(Project& project, ProgressSink& progress, std::stop_token stop);

/// What the last finished run of the step left: failures that were not mended since, and each source's counts.
struct LastCollect {
  std::string run;  ///< id
  UnixMillis ended = 0;
  std::vector<feature::CollectFailure> failures;
  std::vector<feature::SourceSummary> sources;
};
[[nodiscard]] std::optional<LastCollect> last_collect(Project& project);

/// What StepOutcome::details of the step holds: the run's failures, and those of before that it did not try again.
[[nodiscard]] std::string collect_details(const feature::CollectReport& report,
                                          const std::optional<LastCollect>& before,
                                          const feature::CollectSelection& selection);

/// The source of twin.yaml that the user means: its name, its location, or its type when there is only one of that
/// type. Throws Fatal (usage) with the names there are.
[[nodiscard]] std::string source_named(Project& project, const std::string& name);

}  // namespace twin::ops
