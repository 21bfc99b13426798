#include "evaluation/retrieval_scores.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/estimate_json.h"

namespace twin::evaluation {
namespace {

constexpr int score_file_version = 1;
constexpr int passage_depth = 5;  // of passage_recall@5

std::string first_relevant(const BeirQuery& query) {
  for (const auto& [id, grade] : query.judged) {
    if (grade > 0) return id;
  }
  return query.id;
}

bool negative_first(const BeirQuery& query, const std::vector<std::string>& ranking) {
  for (const std::string& id : ranking) {
    const auto judged = query.judged.find(id);
    if (judged != query.judged.end() && judged->second > 0) return false;
    if (std::find(query.negatives.begin(), query.negatives.end(), id) != query.negatives.end()) return true;
  }
  return false;
}

using ByMeasure = std::map<std::string, std::vector<Measured>>;

std::map<std::string, Estimate> estimates(const ByMeasure& measured, const BootstrapOptions& options) {
  std::map<std::string, Estimate> out;
  for (const auto& [name, items] : measured) out[name] = bootstrap_mean(items, options);
  return out;
}

Json differences_json(const std::map<std::string, PairedDifference>& differences) {
  Json json = Json::object();
  for (const auto& [name, paired] : differences) {
    json[name] = to_json(paired.difference);
    json[name]["p"] = paired.p;
  }
  return json;
}

QueryScores scores_from(const Json& line) {
  return {.query_id = line.at("query").get<std::string>(),
          .kind = line.at("kind").get<std::string>(),
          .document = line.at("document").get<std::string>(),
          .values = line.at("values").get<std::map<std::string, double>>()};
}

}  // namespace

const std::vector<std::string>& ranking_measures() {
  static const std::vector<std::string> names = {"ndcg@10", "recall@1", "recall@5", "recall@10", "mrr@10", "coverage"};
  return names;
}

QueryScores score_query(const BeirQuery& query, const BeirRanking& ranking) {
  const auto& documents = ranking.documents;
  QueryScores scores{.query_id = query.id, .kind = query.kind, .document = first_relevant(query), .values = {}};
  scores.values = {{"ndcg@10", ndcg(documents, query.judged, 10)},
                   {"recall@1", recall(documents, query.judged, 1)},
                   {"recall@5", recall(documents, query.judged, 5)},
                   {"recall@10", recall(documents, query.judged, 10)},
                   {"mrr@10", reciprocal_rank(documents, query.judged, 10)},
                   {"coverage", reciprocal_rank(documents, query.judged, documents.size()) > 0 ? 1.0 : 0.0}};
  if (!query.document_id.empty()) {
    scores.values["passage_recall@5"] = ranking.passage_rank > 0 && ranking.passage_rank <= passage_depth ? 1.0 : 0.0;
  }
  if (!query.negatives.empty()) scores.values["negative_first"] = negative_first(query, documents) ? 1.0 : 0.0;
  return scores;
}

ScoreSummary summarize(const std::vector<QueryScores>& scores, const BootstrapOptions& options) {
  ByMeasure all;
  std::map<std::string, ByMeasure> kinds;
  for (const QueryScores& query : scores) {
    for (const auto& [name, value] : query.values) {
      all[name].push_back({query.document, value});
      if (!query.kind.empty()) kinds[query.kind][name].push_back({query.document, value});
    }
  }
  ScoreSummary summary{estimates(all, options), {}};
  for (const auto& [kind, measured] : kinds) summary.kinds[kind] = estimates(measured, options);
  return summary;
}

std::string digest_of(const std::vector<BeirQuery>& queries) {
  Sha256 hash;
  for (const BeirQuery& query : queries) {
    hash.field(query.id).field(query.text);
    for (const auto& [id, grade] : query.judged) hash.field(id).field(std::to_string(grade));
  }
  return hash.hex();
}

std::string to_json_text(const ScoreFile& file) {
  Json lines = Json::array();
  for (const QueryScores& query : file.scores) {
    lines.push_back(
        {{"query", query.query_id}, {"kind", query.kind}, {"document", query.document}, {"values", query.values}});
  }
  return Json{{"version", score_file_version},
              {"set", file.set},
              {"settings", file.settings},
              {"queries", std::move(lines)}}
             .dump(1) +
         "\n";
}

Result<ScoreFile> read_scores(const std::filesystem::path& path) {
  const auto text = disk().read(path);
  if (!text) return tl::unexpected(text.error());
  try {
    const Json json = Json::parse(*text);
    if (json.at("version").get<int>() != score_file_version) {
      return fail(ErrorKind::invalid, tr("The scores were written by another version of Twin"), path.string(),
                  tr("measure again with --scores FILE"));
    }
    ScoreFile file{
        json.at("set").get<std::string>(), json.at("settings").get<std::map<std::string, std::string>>(), {}};
    for (const Json& line : json.at("queries")) file.scores.push_back(scores_from(line));
    return file;
  } catch (const Json::exception&) {
    return fail(ErrorKind::invalid, tr("The file does not hold the scores of a run"), path.string(),
                tr("such a file is written with --scores FILE"));
  }
}

ScoreComparison compare(const ScoreFile& earlier, const ScoreFile& now, const BootstrapOptions& options) {
  ScoreComparison comparison;
  comparison.same_set = earlier.set == now.set;
  comparison.settings = earlier.settings;
  std::map<std::string, const QueryScores*> before;
  for (const QueryScores& query : earlier.scores) before[query.query_id] = &query;
  ByMeasure all, kinds;
  for (const QueryScores& query : now.scores) {
    const auto found = before.find(query.query_id);
    if (found == before.end()) continue;
    ++comparison.paired;
    for (const auto& [name, value] : query.values) {
      const auto old = found->second->values.find(name);
      if (old == found->second->values.end()) continue;
      all[name].push_back({query.document, value - old->second});
      if (name == "ndcg@10" && !query.kind.empty()) kinds[query.kind].push_back({query.document, value - old->second});
    }
  }
  for (const auto& [name, items] : all) comparison.all[name] = paired_bootstrap(items, options);
  for (const auto& [kind, items] : kinds) comparison.kinds[kind] = paired_bootstrap(items, options);
  return comparison;
}

Json to_json(const ScoreSummary& summary) {
  Json kinds = Json::object();
  for (const auto& [kind, estimates] : summary.kinds) kinds[kind] = to_json(estimates);
  return {{"measures", to_json(summary.all)}, {"kinds", std::move(kinds)}};
}

Json to_json(const ScoreComparison& comparison) {
  return {{"queries", comparison.paired},
          {"same_set", comparison.same_set},
          {"settings", comparison.settings},
          {"differences", differences_json(comparison.all)},
          {"kinds", differences_json(comparison.kinds)}};
}

}  // namespace twin::evaluation
