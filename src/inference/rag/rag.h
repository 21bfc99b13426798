// Retrieval-augmented generation: question → search → assembled prompt with numbered passages → citations.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/result.h"
#include "inference/query/query_config.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"

namespace twin::inference {

struct RetrievalConfig {
  int k = 5;            ///< passages given to the model
  int candidates = 50;  ///< taken from each retriever before fusion
  double lexical_weight = 1.0;
  double dense_weight = 1.0;
  bool center_queries = true;  ///< what all questions share is taken from their vectors (centered.h)
  double image_weight = 1.0;   ///< of what pictures show; only where the index has vectors of pictures
  int context_tokens = 1400;   ///< budget of the passages in the prompt
  int history_tokens = 1024;   ///< budget of the earlier turns; the oldest pairs are left out first
  /// Strength of the adapter in answers from passages: a small model that was tuned to an author's style leans on its
  /// memory instead of the passages. Weights between base and tuned model keep both (WiSE-FT, Wortsman et al. 2022).
  double adapter_scale = 0.5;
  double support = 0.5;  ///< share of a sentence's content words that a passage must hold to be cited

  std::string fusion = "weighted";  ///< how the retrievers' scores are joined: zscore | rrf | weighted
  double page_evidence = 0.5;       ///< weight of what the other candidates of a passage's document show
  double spread_below = 0;          ///< coverage of the question below which one passage of each document comes first
  int max_per_document = 0;         ///< passages of one document, as long as there are others; 0: any number
  double mmr_lambda = 1;            ///< maximal marginal relevance: 1 looks at relevance alone, 0 at diversity alone
  double recency_days = 0;          ///< half-life of the bonus for recent documents; 0: none
  double recency_weight = 1;        ///< bonus of a document of today, in the score's units (standard deviations)

  std::string rerank = "off";            ///< off | cross-encoder | llm | learned
  int rerank_candidates = 30;            ///< the best passages of the fusion that are ranked anew
  int rerank_budget_ms = 2000;           ///< what is not judged by then stays in the order of the fusion; 0: no limit
  double rerank_weight = 1;              ///< share of the reranker in the order; the rest is the fusion's
  std::string rerank_llm = "pointwise";  ///< pointwise | listwise
  int rerank_passage_bytes = 1200;       ///< of each passage, for judges that read prompts

  /// What ask does with a question that the corpus does not seem to answer (answerability.h): off | warn | say.
  std::string not_covered = "warn";

  QueryConfig query;  ///< what happens to a question before it is searched for
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
  std::map<std::string, double> parts;   ///< score of each retriever
  std::map<std::string, double> shares;  ///< what each retriever adds to the fused score
  double page = 0;                       ///< what the candidates of its document add to the fused score
  double fused = 0;                      ///< score before reranking, weight of the category and recency included
  int fused_rank = 0;                    ///< by it, 1 …
  std::optional<double> reranked;        ///< the reranker's own score, where it judged the passage
  std::string chunk_id;
  std::string document_id, url, title, heading, text;
  std::string picture;             ///< link of the picture that it was found by, too; empty: by its text alone
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view
  PassagePlace parent;             ///< the part around it that a reader gets (ChunkRules::parent_tokens); end 0: none
  /// Bytes of a text that is still to be read, and url, title and heading with it (rag/read_texts.h).
  std::optional<std::size_t> unread;
  PassagePlace hit;  ///< end not 0: this is a parent now (read_parents()), and that is what was found
};
[[nodiscard]] Json to_json(const Passage& passage);  ///< the interface of `twin search --json`

/// The passages of find_passages() (rag/search.h), without a reranker, whatever the configuration says of one.
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
  /// Of what the messages say, counted part by part: put together it may take fewer. The template's come on top.
  int tokens = 0;
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
