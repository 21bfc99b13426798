// What a run will cost, without running it.
#pragma once

#include "training/train_plan.h"
#include "training/trainer/trainer.h"

namespace twin::training {

/// Reads and tokenizes the job's samples (they stay in job.out/cache for the run, dropped.jsonl beside it), plans its
/// steps, computes the memory from shapes and the time from a probe of this machine (probe.h). Checkpoints of an
/// earlier start are not looked at: the plan is that of the whole run. Throws Fatal for what would stop the run, too.
[[nodiscard]] TrainPlan plan(const TrainJob& job, const Hooks& hooks);

}  // namespace twin::training
