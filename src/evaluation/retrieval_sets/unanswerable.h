// Queries that nothing in the corpus answers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "evaluation/retrieval_sets/make_set.h"
#include "evaluation/retrieval_sets/set_corpus.h"

namespace twin::evaluation {

/// At most config.unanswerable of them, all different: first those of `foreign` at least half of whose words no
/// document holds, in the order of a hash; then questions that join a rare word of each of two passages, where no
/// document holds both. What was not used is counted in `left_out`.
[[nodiscard]] std::vector<std::string> unanswerable_queries(const RetrievalSetConfig& config, const SetCorpus& corpus,
                                                            const std::vector<std::string>& foreign,
                                                            std::map<std::string, int>& left_out);

}  // namespace twin::evaluation
