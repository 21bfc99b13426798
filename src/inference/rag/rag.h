// Retrieval-augmented generation: question → search → assembled prompt with numbered passages → citations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/result.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"

namespace twin::inference {

struct RetrievalConfig {
  int k = 5;            ///< passages given to the model
  int candidates = 50;  ///< taken from each retriever before fusion
  double lexical_weight = 1.0;
  double dense_weight = 1.0;
  int context_tokens = 1400;  ///< budget of the passages in the prompt
  int history_tokens = 1024;  ///< budget of the earlier turns; the oldest pairs are left out first
  /// Strength of the adapter in answers from passages: a small model that was tuned to an author's style leans on its
  /// memory instead of the passages. Weights between base and tuned model keep both (WiSE-FT, Wortsman et al. 2022).
  double adapter_scale = 0.5;
  double support = 0.5;  ///< share of a sentence's content words that a passage must hold to be cited
  void bind(config::Binder& b);
};

/// A passage found.
struct Passage {
  int rank = 0;  ///< 1 …
  double score = 0;
  std::map<std::string, double> parts;  ///< score of each retriever
  std::string document_id, url, title, heading, text;
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view
};
[[nodiscard]] Json to_json(const Passage& passage);  ///< the interface of `twin search --json`

/// Hybrid search: lexical and dense candidates, each judged by both, fused by z-score, plus ln(weight of the document's
/// category), without passages that repeat or mostly overlap a better one. A question longer than the embedder's window
/// is embedded by its beginning. Nothing found is an empty list; an embedder that fails is its error.
[[nodiscard]] Result<std::vector<Passage>> search(stores::Index& index, models::EmbeddingEngine& embedder,
                                                  const std::string& query, int k, const RetrievalConfig& config,
                                                  const stores::IndexFilter& filter = {});

struct Citation {
  int n = 0;  ///< the [n] of the answer
  std::string document_id, url, title;
  std::size_t start = 0, end = 0;
  std::string text;
};
[[nodiscard]] Json to_json(const Citation& citation);

/// Prompt and the passages it numbers ([1] is passages[0]). The texts are prompts/twin.system.txt, rag.user.txt and
/// rag.passage.txt; the model's chat template is applied by the worker.
///
/// What stays the same from turn to turn comes first (system prompt, earlier turns), the passages and the question
/// last, so that the worker's prefix cache is of use. A passage that does not fit the budget ends the list; the first
/// one is cut at a sentence when it alone is too long. Without passages the question is asked as it is. Errors: no user
/// message at the end (usage), unreadable prompt files, a failing tokenizer.
struct Assembled {
  std::vector<models::Message> messages;
  std::vector<Passage> passages;
};
[[nodiscard]] Result<Assembled> assemble(const std::vector<models::Message>& conversation,
                                         const std::vector<Passage>& passages, const RetrievalConfig& config,
                                         models::Tokenizer& tokenizer);

/// Citations of an answer. Small models rarely write [n] themselves: each sentence of the answer is attributed to the
/// passage that supports it (share of its content words found there, at least `support`), and the mark is added;
/// marks written by the model that no passage supports are removed. The passage the answer leans on most comes first.
struct Cited {
  std::string answer;  ///< with [n] marks
  std::vector<Citation> citations;
};
[[nodiscard]] Cited cite(const std::string& answer, const std::vector<Passage>& passages, double support = 0.5);

}  // namespace twin::inference
