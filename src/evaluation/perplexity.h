// Perplexity of held-out author text under several models, on the same passages.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"

namespace twin::evaluation {

struct PerplexityModel {
  std::string name;  ///< key of the report, and in messages
  /// One item per sample, in order.
  std::function<Result<std::vector<training::ScoredItem>>(const std::vector<feature::Sample>& samples)> score;
};
/// `model`'s perplexity / that of `against` - 1; negative is better. Both are places in the list of models.
struct PerplexityChange {
  std::string key;
  std::size_t model = 0, against = 0;
};

/// exp of the mean negative log-likelihood per token over all passages, and the changes. Intervals by resampling
/// documents, for a change on both models at once. A passage that one of the models could not score is listed and left
/// out of all; a model that could score none is listed and left out. Throws Fatal when stopped.
void measure_perplexity(const std::vector<feature::Sample>& samples, const EvalConfig& config,
                        const std::vector<PerplexityModel>& models, const std::vector<PerplexityChange>& changes,
                        EvalReport& report);

}  // namespace twin::evaluation
