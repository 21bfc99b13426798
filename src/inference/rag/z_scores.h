// Scores of one list brought to mean 0 and standard deviation 1.
#pragma once

#include <vector>

namespace twin::inference {

/// All 0 where the values do not differ.
[[nodiscard]] std::vector<double> z_scores(const std::vector<double>& values);

}  // namespace twin::inference
