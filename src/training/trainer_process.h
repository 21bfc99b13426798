// twin-train as a child process: one, or several that train together.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "training/train_job.h"

namespace twin::training {

/// Who hears what the processes write to stderr, from other threads.
struct TrainerListener {
  std::function<void(std::string_view text)> line;
  std::function<std::string()> last_lines;  ///< of what was no event: it explains a failure
};

/// Runs `twin-train command` with the job on its stdin. Lines of stdout, when it succeeded; its own error else.
[[nodiscard]] Result<std::vector<std::string>> run_trainer(const std::string& command, const Json& job,
                                                           const TrainerListener& listener, std::stop_token stop);

/// Runs job.config.nproc of them, which find each other at a free port of this machine, with the cores divided among
/// them. When one ends with a failure, the others have time to end by themselves. Lines of rank 0, when all succeeded;
/// else the cause: a rank that was killed (named), an error of a rank, a rank that lost another one.
[[nodiscard]] Result<std::vector<std::string>> run_ranks(const TrainJob& job, const TrainerListener& listener,
                                                         std::stop_token stop);

}  // namespace twin::training
