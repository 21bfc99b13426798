// RAG samples: the question behind the passages that a search finds, in the very prompt that serving uses.
#pragma once

#include <functional>
#include <vector>

#include "feature/datasets/datasets.h"
#include "models/prompts/prompts.h"

namespace twin::feature {

/// Puts passages before the question of `config.rag_share` of the training samples, so that the model learns to answer
/// from the passage that holds the answer and to pass over others that are alike (RAFT, Zhang et al. 2024,
/// arXiv:2403.10131). The passages are chunks of the index, rendered as in serving: the one in which the answer begins,
/// and those that a lexical search for the question finds besides it, in an order drawn by hash.
///
/// The answer ends where its passage ends; a sample keeps its bare question when less than half of its answer would be
/// left, when it quotes a sentence instead of asking about a title or heading, or when the index does not hold its
/// document in this version. Only passages that `usable` accepts are taken, which keeps held-out documents out. Returns
/// how many samples were changed.
int add_passages(std::vector<Sample>& samples, const DatasetConfig& config, stores::Index& index,
                 const models::Prompts& prompts, const std::function<bool(const stores::Chunk&)>& usable);

}  // namespace twin::feature
