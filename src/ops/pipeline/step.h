// A step of a pipeline: one .cpp in ops/steps, registered with its version and the configuration it depends on.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/progress.h"
#include "core/registry.h"
#include "ops/project/project.h"
#include "stores/runs/runs.h"

namespace twin::ops {

/// Artifacts of the steps this one needs, by artifact name.
using Inputs = std::map<std::string, stores::Artifact>;

struct StepContext {
  Project& project;
  ProgressSink& progress;
  const Inputs& inputs;
  std::string run_id;
  std::stop_token stop;
};

struct StepOutcome {
  std::vector<stores::Artifact> outputs;
  std::string summary;          ///< one line for people
  std::vector<Error> failures;  ///< items that failed: the step is then "partial"
  std::string details = {};     ///< JSON of the step's own, kept with its record
};

struct StepEntry {
  std::string description;
  int version = 1;  ///< bump when the step's results change for the same inputs
  /// What of the configuration (and of the outside world: a source's fingerprint) the results depend on.
  std::function<Json(StepContext&)> key_config;
  /// Whether the outputs of an earlier run are still there, unharmed. A cache hit needs this.
  std::function<bool(Project&, const std::vector<stores::Artifact>&)> present;
  /// Throws Fatal when the step fails as a whole.
  std::function<StepOutcome(StepContext&)> run;
};

using StepRegistry = Registry<StepEntry>;

}  // namespace twin::ops

/// Registers a step under its id. Step files are an OBJECT library, so the linker keeps them.
#define TWIN_STEP(name, id, ...)                                                       \
  [[maybe_unused]] static const bool twin_step_##name = [] {                           \
    ::twin::ops::StepRegistry::instance().add(id, ::twin::ops::StepEntry __VA_ARGS__); \
    return true;                                                                       \
  }();
