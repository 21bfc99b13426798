// Retrieval-augmented generation: question → search → assembled prompt with numbered passages → citations.
#pragma once

#include <map>
#include <optional>
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

/// A part of the passage's document.
struct PassagePlace {
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view
  std::string heading;
};

/// A passage found.
struct Passage {
  int rank = 0;  ///< 1 …
  double score = 0;
  std::map<std::string, double> parts;  ///< score of each retriever
  std::string document_id, url, title, heading, text;
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view
  PassagePlace parent;             ///< the part around it that a reader gets (ChunkRules::parent_tokens); end 0: none
  PassagePlace hit;                ///< end not 0: this is a parent now (read_parents()), and that is what was found
};
[[nodiscard]] Json to_json(const Passage& passage);  ///< the interface of `twin search --json`

/// Hybrid search: lexical and dense candidates, each judged by both, fused by z-score, plus ln(weight of the document's
/// category), without passages that repeat or mostly overlap a better one or have its parent. Where passages have
/// parents, these are given. A question longer than the embedder's window is embedded by its beginning. Nothing found
/// is an empty list; an embedder that fails is its error.
[[nodiscard]] Result<std::vector<Passage>> search(stores::Index& index, models::EmbeddingEngine& embedder,
                                                  const std::string& query, int k, const RetrievalConfig& config,
                                                  const stores::IndexFilter& filter = {});

/// Puts the parents of passages in their place: text, place and heading are the parent's then. What changed meanwhile
/// in the index stays as it was found. Passages of one parent must be one already.
[[nodiscard]] std::vector<Passage> read_parents(stores::Index& index, std::vector<Passage> passages);
/// What was found of a passage that is a parent; nullopt for one that is none.
[[nodiscard]] std::optional<Passage> without_parent(const Passage& passage);

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
/// one is cut at a sentence when it alone is too long. A parent that does not fit is replaced by what was found in it.
/// Without passages the question is asked as it is. Errors: no user message at the end (usage), unreadable prompt
/// files, a failing tokenizer.
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
