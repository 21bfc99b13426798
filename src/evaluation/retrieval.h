// Retrieval on held-out questions: is the passage that answers a question found, and how far up?
#pragma once

#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

/// Whether a passage holds the question's source: same document, and the two overlap by at least half of the shorter.
[[nodiscard]] bool holds_source(const FoundPassage& passage, const Question& question);

/// recall@k (the source is among the first k), document_recall@k (its document is), mrr@k (reciprocal rank of the
/// source, 0 below k). A search that fails is listed and left out.
void measure_retrieval(const std::vector<Question>& questions, const EvalConfig& config, const EvalContext& context,
                       EvalReport& report);

}  // namespace twin::evaluation
