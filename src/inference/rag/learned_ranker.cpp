#include "inference/rag/learned_ranker.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "inference/rag/rank_features.h"

namespace twin::inference {
namespace {

constexpr std::uint64_t max_ranker_bytes = 1 << 20;

std::string advice() {
  return tr("train it with: twin index tune");
}

LearnedRanker from_json(const Json& json) {
  LearnedRanker ranker;
  ranker.version = json.at("version").get<int>();
  ranker.index_model = json.at("index_model").get<std::string>();
  ranker.queries = json.at("queries").get<int>();
  for (const auto& [name, value] : json.at("measured").items()) ranker.measured[name] = value.get<double>();
  const Json& features = json.at("features");
  for (const std::string& name : rank_feature_names()) {
    const Json& feature = features.at(name);
    ranker.weights.push_back(feature.at("weight").get<double>());
    ranker.mean.push_back(feature.at("mean").get<double>());
    ranker.scale.push_back(feature.at("scale").get<double>());
    if (!(ranker.scale.back() > 0)) throw std::runtime_error("scale of " + name);
  }
  return ranker;
}

class LearnedReranker final : public Reranker {
 public:
  explicit LearnedReranker(LearnedRanker ranker) : ranker_(std::move(ranker)) {}
  Result<std::vector<double>> score(const std::string& query, const std::vector<Passage>& passages,
                                    const std::stop_token&) override {
    std::vector<double> scores;
    scores.reserve(passages.size());
    for (const auto& row : rank_features(query, passages)) {
      double sum = 0;
      for (std::size_t i = 0; i < row.size(); ++i) {
        sum += ranker_.weights[i] * (row[i] - ranker_.mean[i]) / ranker_.scale[i];
      }
      scores.push_back(sum);
    }
    return scores;
  }

 private:
  const LearnedRanker ranker_;
};

}  // namespace

Json to_json(const LearnedRanker& ranker) {
  Json features = Json::object(), measured = Json::object();
  for (std::size_t i = 0; i < ranker.weights.size(); ++i) {
    features[rank_feature_names()[i]] = {
        {"weight", ranker.weights[i]}, {"mean", ranker.mean[i]}, {"scale", ranker.scale[i]}};
  }
  for (const auto& [name, value] : ranker.measured) measured[name] = value;
  return {{"version", ranker.version},
          {"index_model", ranker.index_model},
          {"queries", ranker.queries},
          {"measured", std::move(measured)},
          {"features", std::move(features)}};
}

std::filesystem::path ranker_file(const std::filesystem::path& state, const std::string& index_model) {
  constexpr std::size_t digits = 12;
  return state / "rankers" / (sha256_hex(index_model).substr(0, digits) + ".json");
}

Result<void> save_ranker(const LearnedRanker& ranker, const std::filesystem::path& file) {
  return disk().write(file, to_json(ranker).dump(2) + "\n");
}

Result<LearnedRanker> load_ranker(const std::filesystem::path& file, const std::string& index_model) {
  const auto bytes = disk().read(file, max_ranker_bytes);
  if (!bytes) {
    if (bytes.error().kind != ErrorKind::not_found) return tl::unexpected(bytes.error());
    return fail(ErrorKind::not_found, tr("There is no learned ranker for this index yet"), file.string(), advice());
  }
  LearnedRanker ranker;
  try {
    ranker = from_json(Json::parse(*bytes));
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("The learned ranker cannot be used: {}", e.what()), file.string(), advice());
  }
  if (ranker.version != rank_features_version || ranker.index_model != index_model) {
    return fail(ErrorKind::invalid,
                tr("The learned ranker was trained for another index or by another version of Twin"), file.string(),
                advice());
  }
  return ranker;
}

std::shared_ptr<Reranker> make_learned_reranker(LearnedRanker ranker) {
  return std::make_shared<LearnedReranker>(std::move(ranker));
}

}  // namespace twin::inference
