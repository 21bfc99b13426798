// Runs a pipeline: keys, cache, parallel steps, retries, records.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "ops/pipeline/pipeline.h"
#include "ops/pipeline/step.h"

namespace twin::ops {

struct EngineOptions {
  int parallel = 0;    ///< steps at the same time; 0: see default_parallel()
  bool force = false;  ///< ignore the cache for `targets` (not for what they need)
  std::vector<std::string> targets;
  std::stop_token stop;
  /// Called, one at a time, whenever a step's record changed.
  std::function<void(const stores::StepRecord&)> on_step;
};

struct RunOutcome {
  stores::RunRecord run;
  std::vector<stores::StepRecord> steps;  ///< in the order of the pipeline
  [[nodiscard]] int exit_code() const;    ///< 0 done, 1 failed or cancelled, 3 partly done
};

/// A step runs when all it needs are done, cached or partial; its key is then known: SHA-256 over build id, step
/// version, configuration and the hashes of its inputs. A finished record with that key whose outputs are still present
/// is reused. After a crash the finished steps are found in the cache and the interrupted one continues from its own
/// state. A failed step skips those that need it; the others go on.
[[nodiscard]] RunOutcome run_pipeline(Project& project, const Pipeline& pipeline, ProgressSink& progress,
                                      const EngineOptions& options);

/// One step per four cores, at least one: workers and training use every core, and two of them on two cores wait for
/// each other at each layer.
[[nodiscard]] int default_parallel();

/// Hash of the build ids of the programs that compute results: twin, twin-train, llama-server with its libraries.
[[nodiscard]] const std::string& build_id();

}  // namespace twin::ops
