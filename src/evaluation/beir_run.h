// How well retrieval does on a BEIR folder: its documents go through the pipeline that serves, its queries through the
// search that answers.
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/progress.h"
#include "evaluation/beir.h"
#include "evaluation/coverage_report.h"
#include "evaluation/retrieval_scores.h"
#include "feature/category.h"
#include "feature/embed/build_index.h"
#include "inference/rag/search.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"

namespace twin::evaluation {

struct BeirRun {
  std::filesystem::path folder;             ///< the BEIR folder
  std::string split = "test";               ///< qrels/<split>.tsv
  std::filesystem::path work;               ///< warehouse and indexes; what is there and unchanged is used again
  feature::Category category;               ///< whose chunk rules apply
  inference::RetrievalConfig retrieval;     ///< a weight of 0 leaves that retriever out
  inference::Reranker* reranker = nullptr;  ///< what retrieval.rerank names; "learned" is trained on the corpus itself
  /// Decides whether the corpus answers; null: that of corpora which were not calibrated.
  const inference::Answerability* answerability = nullptr;
  stores::IndexConfig index;
  feature::EmbedConfig embed;
  models::EmbeddingEngine& embedder;
  models::Tokenizer& tokenizer;
  ProgressSink& progress;
  std::stop_token stop;
  /// Searched as it is, instead of an index made of corpus.jsonl: a project's own. Documents go by their id then.
  stores::Index* ready = nullptr;
};

struct BeirReport {
  std::string set;                  ///< digest of queries and judgements
  std::vector<QueryScores> scores;  ///< of the queries that something answers, in the order of queries.jsonl
  ScoreSummary summary;
  int queries = 0, documents = 0, chunks = 0;
  int unanswerable = 0;  ///< queries that nothing answers
  /// By retriever: how well its best score tells the queries that something answers from those that nothing does
  /// (area_under_roc()). Empty without such queries.
  std::map<std::string, double> tells_unanswerable;
  CoverageReport coverage;            ///< of the decision whether the corpus answers; only with such queries
  double index_seconds = 0;           ///< from corpus.jsonl to the index that can be searched
  std::vector<BeirRanking> rankings;  ///< of all queries, in the order of queries.jsonl
  std::vector<Error> problems;        ///< lines, documents and queries that were left out
  /// Mean of a measure over the queries.
  [[nodiscard]] double mean(const std::string& measure) const;
  [[nodiscard]] double query_ms(double percentile) const;
};

/// A document is where its best passage is. As BEIR does, a document with the id of the query is not counted, and a
/// query without a relevant document counts 0. A query that fails counts 0 and is a problem. Throws Fatal when the
/// folder cannot be read or the engine fails for good.
[[nodiscard]] BeirReport run_beir(const BeirRun& run);

/// The interface of `twin eval retrieval --json`.
[[nodiscard]] Json to_json(const BeirReport& report);
/// One line per hit: query, Q0, document, rank, score, tag: what trec_eval reads.
[[nodiscard]] std::string trec_run(const BeirReport& report, const std::string& tag);

}  // namespace twin::evaluation
