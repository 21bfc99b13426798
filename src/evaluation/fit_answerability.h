// What decides whether a corpus answers a question, calibrated on questions of which it is known.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/synthetic_queries.h"
#include "inference/rag/answerability.h"
#include "inference/rag/search.h"

namespace twin::evaluation {

/// What a search showed of one question.
struct EvidenceSample {
  inference::Evidence evidence;
  bool answerable = true;
  int fold = 0;  ///< of the cross-validation, 0 …
};

/// A question made of a passage gives two samples: as it is, where a relevant passage is among the first ten; and with
/// all of its document taken away, unless another document holds every word of it. `passages`: what was found for it,
/// best first, less what must not be counted.
[[nodiscard]] std::vector<EvidenceSample> samples_of(stores::Index& index, const SyntheticQuery& query,
                                                     const std::vector<inference::Passage>& passages, int fold);

/// Questions about other things, of the languages of the index (prompts/elsewhere.*.txt; English where there is none of
/// the index's). An error: a file that cannot be read.
[[nodiscard]] Result<std::vector<std::string>> questions_from_elsewhere(const stores::IndexFacets& facets);
/// The sample of such a question; none where one passage holds most of its words: it may be the answer.
[[nodiscard]] std::vector<EvidenceSample> sample_from_elsewhere(stores::Index& index, const std::string& question,
                                                                const std::vector<inference::Passage>& passages,
                                                                int fold);

/// The samples of all of them, searched as `config` says. Searches that fail are added to `problems`. Throws Fatal for
/// a file of questions that cannot be read.
[[nodiscard]] std::vector<EvidenceSample> samples_from_elsewhere(const inference::SearchTools& tools,
                                                                 const inference::RetrievalConfig& config, int folds,
                                                                 std::vector<Error>& problems);

struct AnswerabilityOptions {
  int folds = 5;
  double refused = 0.05;  ///< share of the answerable questions that may be taken for unanswerable ones
  double ridge = 0.01;
};

/// A logistic regression; the threshold is the highest that at most `refused` of the answerable samples lie below.
/// `measured` has, from the folds that it was not fitted to: recall, refused, area_under_roc. An error: too few samples
/// of a kind.
[[nodiscard]] Result<inference::Answerability> fit_answerability(const std::vector<EvidenceSample>& samples,
                                                                 const std::string& index_model,
                                                                 const AnswerabilityOptions& options = {});

}  // namespace twin::evaluation
