// Models the project names, fetched when they are missing.
#pragma once

#include <string>

#include "core/progress.h"
#include "models/registry/registry.h"
#include "ops/project/project.h"

namespace twin::ops {

/// The options of a pull that no configuration changes: hub by $HF_ENDPOINT, licence on stderr.
[[nodiscard]] models::PullOptions pull_options(const std::string& id);
/// The options of a pull as the project configures them. The licence is printed on stderr before anything is used.
[[nodiscard]] models::PullOptions pull_options(Project& project, const std::string& id);

/// Pulls `reference` under the name `id` unless the registry has it. Throws Fatal.
void ensure_model(Project& project, const std::string& id, const std::string& reference, ProgressSink& progress);

}  // namespace twin::ops
