// What a small ranker looks at: a row of numbers for each passage of a search.
#pragma once

#include <string>
#include <vector>

#include "inference/rag/rag.h"

namespace twin::inference {

/// Bump when a feature changes: rankers trained before are refused.
inline constexpr int rank_features_version = 2;

/// The columns, in order.
[[nodiscard]] const std::vector<std::string>& rank_feature_names();

/// passages.size() rows of rank_feature_names().size() finite columns. What is compared (scores, rarity of words) is
/// compared among these passages. Pure.
[[nodiscard]] std::vector<std::vector<double>> rank_features(const std::string& query,
                                                             const std::vector<Passage>& passages);

}  // namespace twin::inference
