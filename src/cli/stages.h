// Runs the project's pipeline from the command line and shows it.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "ops/pipeline/engine.h"

namespace twin::cli {

/// Runs the pipeline up to `targets` (all steps when empty): one line per step, then every failed item with its reason.
/// Takes the project's lock. Returns what ran; its exit_code() is the command's.
ops::RunOutcome run_stages(Session& session, const std::vector<std::string>& targets, bool force);

/// What `twin run show` prints of a run's steps, and --json.
[[nodiscard]] std::string step_table(const std::vector<stores::StepRecord>& steps);
[[nodiscard]] Json steps_json(const stores::RunRecord& run, const std::vector<stores::StepRecord>& steps);

}  // namespace twin::cli
