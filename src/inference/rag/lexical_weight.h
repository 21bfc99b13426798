// How much the words of a question count beside its meaning.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stores/index/fusion.h"
#include "stores/index/index.h"

namespace twin::inference {

/// What the retrievers found, by chunk id; what is no longer there is left out.
using Candidates = std::map<std::string, stores::PassageOutline>;
[[nodiscard]] Candidates candidates_of(stores::Index& index, const std::vector<stores::RankedList>& lists);

/// The share of a question that passages in these languages could say in its own words, 0 to 1. A question in a script
/// of its own (Korean, Japanese, Thai …) has words that texts in other scripts cannot hold, but for those that it
/// writes in Latin letters; a question in Latin letters may be met anywhere.
[[nodiscard]] double sayable_share(const std::string& query, const std::vector<std::string>& languages);

/// How far words can tell which passage is meant, 0 to 1: best_coverage() of the candidates, times sayable_share() of
/// those near in meaning. Where the writing that a question is about is in another script, the passages that hold its
/// words are not those that answer it.
[[nodiscard]] double lexical_evidence(stores::Index& index, const std::string& query,
                                      const std::vector<stores::RankedList>& lists, const Candidates& candidates);

/// What the lexical weight is multiplied with. A cosine moves over a small part of its range, a BM25 score over all of
/// it, so where both are brought to [0, 1] (weighted) words count less at equal weights; and they count the less the
/// less they tell, because what is left then is chance. Measured on English and Korean questions (bench/retrieval).
[[nodiscard]] double lexical_gain(stores::Fusion fusion, double evidence);

}  // namespace twin::inference
