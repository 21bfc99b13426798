// A sweep in the run store: a step for each trial, its losses as metrics "trial-NNN/train/loss".
#pragma once

#include <map>

#include "ops/project/project.h"
#include "training/client.h"
#include "training/sweep/sweep.h"

namespace twin::ops {

class SweepRecord {
 public:
  /// Opens a run of the pipeline "sweep". Throws Fatal when the store cannot be written, as all of these do.
  SweepRecord(Project& project, const training::TrainJob& job, const training::SweepConfig& config);

  void started(const training::Trial& trial);
  /// From another thread, too.
  void event(const training::Trial& trial, const training::TrainEvent& event);
  /// A rung was passed or failed; `reused`: in an earlier run.
  void passed(const training::Trial& trial, bool reused);
  /// Puts the best trial's adapter, which lies in the sweep's folder, into the registry under a name of the sweep's
  /// own, beside the adapter that the project serves. A step "winner" names it.
  [[nodiscard]] models::Model keep_winner(const training::Sweep& sweep, const training::TrainJob& job);
  void close(const Result<training::Sweep>& sweep, bool stopped);

 private:
  Project& project_;
  stores::RunRecord run_;
  std::map<std::size_t, stores::StepRecord> steps_;
};

}  // namespace twin::ops
