// Names of states as they are stored.
#pragma once

#include "stores/runs/runs.h"

namespace twin::stores {

/// The inverse of to_string(); an unknown name is Fatal: another version of Twin wrote it, or the file is damaged.
[[nodiscard]] RunStatus run_status(const std::string& name);
[[nodiscard]] StepStatus step_status(const std::string& name);
[[nodiscard]] ErrorKind error_kind(const std::string& name);

}  // namespace twin::stores
