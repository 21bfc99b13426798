// A generator over many passages: drawn within the limit of requests, estimated, then asked side by side.
#pragma once

#include <string>
#include <vector>

#include "core/progress.h"
#include "feature/generators/generator.h"

namespace twin::feature {

/// What a run sends and may receive at most; what an earlier run kept is not counted.
struct CallEstimate {
  std::int64_t calls = 0, input = 0, output = 0;  ///< requests; tokens
  double cost = 0;
};
[[nodiscard]] CallEstimate estimate_calls(const Generator& generator, const DatasetConfig& config,
                                          const GeneratorTools& tools, const std::vector<const Draft*>& drafts,
                                          ModelCalls& calls);

/// Which passages are asked about within dataset.generate.max_calls: of each whether it is, drawn by hash so that more
/// requests only add to them.
[[nodiscard]] std::vector<bool> draw_passages(const GeneratorEntry& entry, const DatasetConfig& config,
                                              const std::vector<const Draft*>& drafts);

/// Outcomes in the order of `drafts`, whatever the order of the replies. Before the first request: throws Fatal when
/// the prices of the configuration say that the run may cost more than dataset.generate.max_cost. A stop leaves the
/// rest without outcome. Throws what make() throws.
[[nodiscard]] std::vector<Generated> run_generator(const Generator& generator, const DatasetConfig& config,
                                                   const GeneratorTools& tools, const std::vector<const Draft*>& drafts,
                                                   ModelCalls& calls, ProgressSink& progress,
                                                   const std::stop_token& stop);

}  // namespace twin::feature
