// A ranking fitted to a corpus: weights of the retrievers and a learned ranker, from questions made of the corpus
// itself, and what each way of ranking is worth on questions that it was not fitted to.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/progress.h"
#include "inference/rag/answerability.h"
#include "inference/rag/learned_ranker.h"
#include "inference/rag/search.h"

namespace twin::evaluation {

struct TuneOptions {
  int queries = 200;  ///< of each kind (synthetic_queries.h)
  int folds = 5;      ///< of the cross-validation, by document
  double ridge = 0.01;
  double refused = 0.05;  ///< share of the answerable questions that may be told that the corpus does not answer them
  std::int64_t seed = 17;
};

/// One way of ranking.
struct TunedWay {
  std::string name;
  double known_mrr = 0, known_recall5 = 0;      ///< of known items: MRR@10, share found among the first five
  double related_mrr = 0, related_recall5 = 0;  ///< of related passages: of the first that is relevant
  [[nodiscard]] double mean_mrr() const { return (known_mrr + related_mrr) / 2; }
};

struct TuneReport {
  int known = 0, related = 0;  ///< queries
  std::vector<TunedWay> ways;  ///< lexical, dense, each fusion alone, as configured, fitted weights, learned
  double dense_share = 0.5;    ///< of the two weights of the configured fusion: the best over all queries
  inference::LearnedRanker ranker;
  std::optional<inference::Answerability> answerability;  ///< none: too few questions, which is a problem
  std::vector<Error> problems;                            ///< queries that failed
};

/// What is fitted is measured on the documents of the other folds only. The queries are searched as `config` says, with
/// weights of 1, before reranking and choice. Throws Fatal (usage) when the index gives too few queries or has no
/// vectors to be fused.
[[nodiscard]] TuneReport tune_ranking(const inference::SearchTools& tools, const inference::RetrievalConfig& config,
                                      const TuneOptions& options, ProgressSink& progress, const std::stop_token& stop);

[[nodiscard]] Json to_json(const TuneReport& report);
[[nodiscard]] std::string to_table(const TuneReport& report);

}  // namespace twin::evaluation
