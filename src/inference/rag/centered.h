// The vector of a question without what all questions share, and without what tells languages apart.
#pragma once

#include <vector>

#include "stores/index/centering.h"

namespace twin::inference {

/// L2-normalized, as `query` is. Unchanged where nothing was measured, it is of another dimension, or nothing of the
/// question would be left.
[[nodiscard]] std::vector<float> centered(const std::vector<float>& query, const stores::QueryCentering& centering);

}  // namespace twin::inference
