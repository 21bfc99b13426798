// Perplexity of held-out author text, base against tuned, on the same passages.
#pragma once

#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

/// exp of the mean negative log-likelihood per token over all passages: "base", "tuned", and "change" (tuned / base -
/// 1; negative is better). Intervals by resampling documents, for the change on both models at once. A passage that one
/// of the two could not score is listed and left out of both.
void measure_perplexity(const std::vector<feature::Sample>& samples, const EvalConfig& config,
                        const EvalContext& context, EvalReport& report);

}  // namespace twin::evaluation
