// What the step "duplicates" found, for the steps after it.
#pragma once

#include <map>
#include <string>

#include "ops/pipeline/step.h"

namespace twin::ops {

/// Id of each document that search and training leave out → the document that stays. Empty in a pipeline without the
/// step "duplicates" before this one. Throws Fatal when its file cannot be read.
[[nodiscard]] std::map<std::string, std::string> left_out(const StepContext& context);

}  // namespace twin::ops
