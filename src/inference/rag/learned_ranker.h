// A small ranker trained on one's own corpus (evaluation/tune_ranking.h): a weighted sum of rank_features().
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "inference/rag/rerank.h"

namespace twin::inference {

struct LearnedRanker {
  int version = 0;          ///< rank_features_version it was trained with
  std::string index_model;  ///< IndexModel::hash of the index it was trained on: other vectors have other scores
  std::vector<double> weights, mean, scale;  ///< one a feature; a feature counts as (value - mean) / scale
  int queries = 0;                           ///< it was trained on
  std::map<std::string, double> measured;    ///< by cross-validation, for people
};

[[nodiscard]] Json to_json(const LearnedRanker& ranker);

/// Where the ranker of an index lies below a project's state: one file for each embedding model.
[[nodiscard]] std::filesystem::path ranker_file(const std::filesystem::path& state, const std::string& index_model);
[[nodiscard]] Result<void> save_ranker(const LearnedRanker& ranker, const std::filesystem::path& file);
/// not_found names the command that makes one; a file of other features or of another index is invalid.
[[nodiscard]] Result<LearnedRanker> load_ranker(const std::filesystem::path& file, const std::string& index_model);

[[nodiscard]] std::shared_ptr<Reranker> make_learned_reranker(LearnedRanker ranker);

}  // namespace twin::inference
