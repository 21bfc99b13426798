// What each query of a test set got, what that says of all of them, and whether two runs differ.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "evaluation/beir.h"
#include "evaluation/statistics.h"
#include "inference/rag/answerability.h"

namespace twin::evaluation {

/// The documents found for one query, best first.
struct BeirRanking {
  std::string query_id;
  std::vector<std::string> documents;
  std::vector<double> scores;
  double milliseconds = 0;  ///< from the text of the query to the passages: embedding, both retrievers, fusion, texts
  int passage_rank = 0;     ///< of the first passage that holds the one asked for; 0: none, or none in particular
  std::map<std::string, double> best;  ///< highest score of each retriever
  inference::Coverage coverage = {};   ///< whether the corpus was said to answer
};

/// Values by measure:
///   ndcg@10, recall@1, recall@5, recall@10, mrr@10   as trec_eval
///   coverage             1 where any relevant document is in the ranking at all
///   passage_recall@5     1 where the passage asked for is among the first five (queries that name one)
///   negative_first       1 where a listed negative stands above every relevant document (queries that list some)
struct QueryScores {
  std::string query_id;
  std::string kind;      ///< "" in sets that have none
  std::string document;  ///< first relevant one by id: queries of one document are resampled together
  std::map<std::string, double> values;
};
[[nodiscard]] QueryScores score_query(const BeirQuery& query, const BeirRanking& ranking);
/// The measures that every query has, in the order of reports.
[[nodiscard]] const std::vector<std::string>& ranking_measures();

/// Means with 95 % intervals, by measure; over all queries, and by kind.
struct ScoreSummary {
  std::map<std::string, Estimate> all;
  std::map<std::string, std::map<std::string, Estimate>> kinds;
};
[[nodiscard]] ScoreSummary summarize(const std::vector<QueryScores>& scores, const BootstrapOptions& options = {});

/// The scores of a run, as they are kept for the next one to be compared with.
struct ScoreFile {
  std::string set;                              ///< digest of queries and judgements
  std::map<std::string, std::string> settings;  ///< what was measured: mode, model …
  std::vector<QueryScores> scores;
};
/// SHA-256 over ids, texts and judgements of the queries.
[[nodiscard]] std::string digest_of(const std::vector<BeirQuery>& queries);
[[nodiscard]] std::string to_json_text(const ScoreFile& file);
/// A missing file is ErrorKind::not_found, one of another form ErrorKind::invalid.
[[nodiscard]] Result<ScoreFile> read_scores(const std::filesystem::path& file);

/// This run less an earlier one, query by query.
struct ScoreComparison {
  int paired = 0;                                 ///< queries that both have
  bool same_set = true;                           ///< whether queries and judgements are the same, too
  std::map<std::string, std::string> settings;    ///< of the earlier run
  std::map<std::string, PairedDifference> all;    ///< by measure
  std::map<std::string, PairedDifference> kinds;  ///< of nDCG@10, by kind
};
[[nodiscard]] ScoreComparison compare(const ScoreFile& earlier, const ScoreFile& now,
                                      const BootstrapOptions& options = {});

[[nodiscard]] Json to_json(const ScoreSummary& summary);
[[nodiscard]] Json to_json(const ScoreComparison& comparison);

}  // namespace twin::evaluation
