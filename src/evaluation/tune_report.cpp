// The report of a fitted ranking, as JSON and for people.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "evaluation/tune_ranking.h"

namespace twin::evaluation {

Json to_json(const TuneReport& report) {
  Json ways = Json::array(), problems = Json::array();
  for (const TunedWay& way : report.ways) {
    ways.push_back({{"name", way.name},
                    {"known", {{"mrr@10", way.known_mrr}, {"recall@5", way.known_recall5}}},
                    {"related", {{"mrr@10", way.related_mrr}, {"recall@5", way.related_recall5}}}});
  }
  for (const Error& error : report.problems) problems.push_back(error.text());
  return {{"queries", {{"known", report.known}, {"related", report.related}}},
          {"ways", std::move(ways)},
          {"dense_share", report.dense_share},
          {"ranker", inference::to_json(report.ranker)},
          {"answerability", report.answerability ? inference::to_json(*report.answerability) : Json()},
          {"problems", std::move(problems)}};
}

std::string to_table(const TuneReport& report) {
  std::string text = tr("{} known items, {} sentences with related passages; MRR@10 and recall@5 of each", report.known,
                        report.related) +
                     "\n";
  for (const TunedWay& way : report.ways) {
    text += fmt::format("{:<24} {:.3f}  {:.3f}    {:.3f}  {:.3f}\n", way.name, way.known_mrr, way.known_recall5,
                        way.related_mrr, way.related_recall5);
  }
  return text;
}

}  // namespace twin::evaluation
