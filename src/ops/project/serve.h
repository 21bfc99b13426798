// The assistant of a project, for the server, the terminal and the evaluation alike.
#pragma once

#include <memory>

#include "inference/serving.h"
#include "ops/project/project.h"

namespace twin::ops {

/// Starts the project's workers: chat model, embedding model and, when it is trained, the adapter.
/// Throws Fatal (a missing model names the command that fetches it). `traces`: record a trace of each question.
[[nodiscard]] std::unique_ptr<inference::Serving> start_serving(Project& project, bool traces);

}  // namespace twin::ops
