#include "evaluation/coverage_report.h"

#include <nlohmann/json.hpp>

#include "evaluation/ranking_metrics.h"

namespace twin::evaluation {
namespace {

double share_of(int part, int all) {
  return all > 0 ? static_cast<double>(part) / all : 0;
}

}  // namespace

double CoverageReport::precision() const {
  return share_of(right, right + wrong);
}
double CoverageReport::recall() const {
  return share_of(right, unanswerable);
}
double CoverageReport::refused() const {
  return share_of(wrong, answerable);
}

CoverageReport judge_coverage(const std::vector<DecidedQuery>& queries) {
  CoverageReport report;
  std::vector<double> covered, uncovered;
  std::map<std::string, int> asked, refused;
  for (const DecidedQuery& query : queries) {
    const inference::Coverage& said = query.coverage;
    (query.answerable ? covered : uncovered).push_back(said.probability);
    ++(query.answerable ? report.answerable : report.unanswerable);
    ++asked[query.kind];
    report.threshold = said.threshold;
    report.calibrated = said.calibrated;
    if (said.covered) continue;
    ++(query.answerable ? report.wrong : report.right);
    ++refused[query.kind];
  }
  for (const auto& [kind, count] : asked) report.kinds[kind] = share_of(refused[kind], count);
  if (!covered.empty() && !uncovered.empty()) report.area_under_roc = area_under_roc(covered, uncovered);
  return report;
}

Json to_json(const CoverageReport& report) {
  return {{"calibrated", report.calibrated},        {"threshold", report.threshold},
          {"precision", report.precision()},        {"recall", report.recall()},
          {"answerable_refused", report.refused()}, {"area_under_roc", report.area_under_roc},
          {"refused_by_kind", report.kinds}};
}

}  // namespace twin::evaluation
