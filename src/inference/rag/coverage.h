// How much of a question a corpus says in the question's own words.
#pragma once

#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::inference {

/// The largest share of the query's content words, weighted by their rarity among these passages, that one passage
/// holds; 0 to 1. Asks the index which words they hold, as it cuts words: the passages are not read.
[[nodiscard]] double best_coverage(stores::Index& index, const std::string& query,
                                   const std::vector<std::string>& chunk_ids);

}  // namespace twin::inference
