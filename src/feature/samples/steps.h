// The steps of a dataset in their order, with what each took in, let pass and removed: for manifests and statistics.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace twin::feature {

struct StepCount {
  std::string step;                    ///< documents, cutting, rules, duplicates …
  std::string unit;                    ///< documents | passages | samples
  int in = -1, out = -1;               ///< -1: what came in is of another unit and not counted here
  std::map<std::string, int> removed;  ///< by reason
};

/// From the reasons of all rejections and the number of samples kept at the end. A reason that no step is known for is
/// counted in the step "other", so that nothing is lost.
[[nodiscard]] std::vector<StepCount> step_counts(const std::map<std::string, int>& reasons, int kept);

}  // namespace twin::feature
