// twin train --plan: what a training run will take, as text or JSON.
#pragma once

#include "cli/session.h"
#include "training/client.h"

namespace twin::cli {

/// Plans the job and prints it. `origins`: where the values of job.config came from, by key. Returns the exit code;
/// throws Fatal.
int show_plan(Session& session, const training::TrainJob& job, const config::Origins& origins);

}  // namespace twin::cli
