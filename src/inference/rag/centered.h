// The vector of a question without what all questions share, and without what tells languages apart.
#pragma once

#include <string_view>
#include <vector>

#include "stores/index/centering.h"

namespace twin::inference {

/// L2-normalized, as `query` is. Unchanged where nothing was measured, it is of another dimension, or nothing of the
/// question would be left.
[[nodiscard]] std::vector<float> centered(const std::vector<float>& query, const stores::QueryCentering& centering);

/// A vector that is not zero, as L2-normalized floats.
[[nodiscard]] std::vector<float> of_length_one(const std::vector<double>& vector);

/// Whether the embedding model knows the language that a question is in, as far as its script tells: where it does not,
/// what it finds is chance.
[[nodiscard]] bool understood(std::string_view question, const stores::QueryCentering& centering);

}  // namespace twin::inference
