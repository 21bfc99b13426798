// twin train --sweep: trials of one job, on bare data or over the samples of a project.
#pragma once

#include <string>

#include "cli/session.h"
#include "training/train_job.h"

namespace twin::cli {

struct SweepRequest {
  training::TrainJob job;           ///< in a project without `out`: the sweep has a folder of its own there
  std::string sweep;                ///< a YAML file, or the short form
  ops::Project* project = nullptr;  ///< records the run; may be absent
};

/// Trains the trials and prints the comparison; sweep.html lies beside it. Returns the exit code (partial when a trial
/// failed), or the error: cancelled when it was stopped. Throws Fatal for what is wrong before anything starts.
[[nodiscard]] Result<int> run_train_sweep(Session& session, const SweepRequest& request);

/// The trials, the rungs and what they take; trains nothing. Returns the exit code.
int show_sweep_plan(Session& session, const SweepRequest& request);

}  // namespace twin::cli
