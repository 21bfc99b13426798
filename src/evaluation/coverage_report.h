// How well a search tells the questions that the corpus answers from those that it does not.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "inference/rag/answerability.h"

namespace twin::evaluation {

/// One question of which it is known.
struct DecidedQuery {
  std::string kind;  ///< "" in sets that have none
  bool answerable = true;
  inference::Coverage coverage;
};

/// "No" is what is looked for: precision is the share of those said to be unanswerable that are, recall the share of
/// the unanswerable ones that were said to be.
struct CoverageReport {
  int answerable = 0, unanswerable = 0;  ///< queries
  int right = 0, wrong = 0;              ///< said "no" to an unanswerable, to an answerable one
  double area_under_roc = 0;             ///< of the probability
  double threshold = 0;
  bool calibrated = false;
  std::map<std::string, double> kinds;  ///< share of the queries of a kind that were said "no" to
  /// 0 where nothing was said "no" to, or there is nothing to find.
  [[nodiscard]] double precision() const;
  [[nodiscard]] double recall() const;
  /// Share of the answerable ones that were said "no" to.
  [[nodiscard]] double refused() const;
};
[[nodiscard]] CoverageReport judge_coverage(const std::vector<DecidedQuery>& queries);
[[nodiscard]] Json to_json(const CoverageReport& report);

}  // namespace twin::evaluation
