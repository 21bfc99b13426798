// The choice of held-out samples: spread over the documents, the same every time.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

/// At most `count` instruct samples: one of each document, then a second of each …, in the order of a hash of seed and
/// sample id. Independent of the order in which they come. Samples with the same question, or with the same source
/// span (one passage asked for by several templates), count as one.
[[nodiscard]] std::vector<feature::Sample> choose_samples(const std::vector<feature::Sample>& held_out, int count,
                                                          std::int64_t seed);

/// The last user message, the answer and its source.
[[nodiscard]] Question to_question(const feature::Sample& sample);

}  // namespace twin::evaluation
