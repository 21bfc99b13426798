// From ranked passages to those that are given: without repetitions, varied as the configuration wants it.
#pragma once

#include <vector>

#include "inference/rag/rag.h"
#include "stores/index/index.h"

namespace twin::inference {

/// Leaves out each passage that has the text of a better one or overlaps one of the same document by more than half of
/// the shorter. Unread ones have the text of no other: those of one size are to be read before (read_texts.h).
[[nodiscard]] std::vector<Passage> without_repetitions(std::vector<Passage> passages);

/// At most k of them, best first, with `rank` set. `mmr_lambda` below 1: maximal marginal relevance (Carbonell and
/// Goldstein, SIGIR 1998), each next one the best by lambda * score - (1 - lambda) * its cosine to the nearest chosen
/// one, scores brought to [0, 1]. `max_per_document`: further passages of a document come only when all others are
/// given.
[[nodiscard]] std::vector<Passage> choose_passages(std::vector<Passage> passages, int k, const RetrievalConfig& config,
                                                   stores::Index& index);

}  // namespace twin::inference
