// Search by a plan: several wordings of a question, its parts, filters that it speaks of.
#pragma once

#include <stop_token>

#include "inference/query/understand.h"
#include "inference/rag/search.h"

namespace twin::inference {

/// find_passages() for what `plan` wants searched:
/// - several wordings: a ranking each, fused by reciprocal ranks (Cormack et al., SIGIR 2009); the reranker judges by
/// the
///   question itself;
/// - parts: a search each, whose passages are taken in turn until there are k; the corpus covers the question when it
///   covers one of them;
/// - hypothetical passages: their vectors and the question's are averaged;
/// - a filter read off the question that leaves nothing is given up: the step "filters" of the plan then says so. What
///   the request itself asks for holds all the same.
/// Errors: those of find_passages().
[[nodiscard]] Result<Found> find_planned(const SearchTools& tools, QueryPlan& plan, int k,
                                         const RetrievalConfig& config, std::stop_token cancel);

}  // namespace twin::inference
