#include "inference/rag/answerability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "inference/rag/coverage.h"

namespace twin::inference {
namespace {

constexpr std::uint64_t max_file_bytes = 1 << 20;

std::string tune_again() {
  return tr("calibrate anew with: twin index tune");
}

Answerability answerability_from(const Json& json) {
  Answerability model;
  model.version = json.at("version").get<int>();
  model.index_model = json.at("index_model").get<std::string>();
  model.bias = json.at("bias").get<double>();
  model.threshold = json.at("threshold").get<double>();
  model.answerable = json.at("answerable").get<int>();
  model.unanswerable = json.at("unanswerable").get<int>();
  for (const auto& [name, value] : json.at("measured").items()) model.measured[name] = value.get<double>();
  for (const std::string& name : evidence_names()) {
    const Json& column = json.at("evidence").at(name);
    model.weights.push_back(column.at("weight").get<double>());
    model.mean.push_back(column.at("mean").get<double>());
    model.scale.push_back(column.at("scale").get<double>());
    if (!(model.scale.back() > 0)) throw std::runtime_error("scale of " + name);
  }
  return model;
}

}  // namespace

const std::vector<std::string>& evidence_names() {
  static const std::vector<std::string> names = {"coverage", "cosine"};
  return names;
}

std::vector<std::optional<double>> Evidence::row() const {
  return {coverage, cosine};
}

Evidence evidence_of(stores::Index& index, const std::string& query, const std::vector<Passage>& passages) {
  Evidence evidence;
  evidence.candidates = static_cast<int>(passages.size());
  std::vector<std::string> ids;
  ids.reserve(passages.size());
  for (const Passage& passage : passages) {
    ids.push_back(passage.chunk_id);
    const auto dense = passage.parts.find("dense");
    if (dense != passage.parts.end()) evidence.cosine = std::max(evidence.cosine.value_or(-1), dense->second);
  }
  evidence.coverage = best_coverage(index, query, ids);
  return evidence;
}

double Answerability::probability(const Evidence& evidence) const {
  if (evidence.candidates == 0) return 0;
  const auto values = evidence.row();
  double sum = bias;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) sum += weights[i] * (*values[i] - mean[i]) / scale[i];
  }
  return 1 / (1 + std::exp(-sum));
}

const Answerability& uncalibrated() {
  static const Answerability model = [] {
    Answerability made;
    made.version = evidence_version;
    made.weights = {1, 0};
    made.mean = {0.2, 0};
    made.scale = {0.05, 1};
    made.threshold = 0.5;
    return made;
  }();
  return model;
}

Coverage decide(const Answerability& model, const Evidence& evidence) {
  Coverage coverage;
  coverage.evidence = evidence;
  coverage.probability = model.probability(evidence);
  coverage.threshold = model.threshold;
  coverage.covered = evidence.candidates > 0 && coverage.probability >= model.threshold;
  coverage.calibrated = !model.index_model.empty();
  return coverage;
}

Json to_json(const Coverage& coverage) {
  Json evidence = Json::object();
  const auto values = coverage.evidence.row();
  for (std::size_t i = 0; i < values.size(); ++i) {
    evidence[evidence_names()[i]] = values[i] ? Json(*values[i]) : Json();
  }
  return {{"covered", coverage.covered},
          {"probability", coverage.probability},
          {"threshold", coverage.threshold},
          {"calibrated", coverage.calibrated},
          {"evidence", std::move(evidence)}};
}

std::string to_text(const Coverage& coverage) {
  std::string evidence;
  const auto values = coverage.evidence.row();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i])
      evidence += fmt::format("{}{} {:.3f}", evidence.empty() ? "" : ", ", evidence_names()[i], *values[i]);
  }
  return tr("Answered by the writing: {:.2f}, yes from {:.2f} on ({}; {})", coverage.probability, coverage.threshold,
            coverage.calibrated ? tr("calibrated") : tr("not calibrated"), evidence);
}

Json to_json(const Answerability& model) {
  Json columns = Json::object(), measured = Json::object();
  for (std::size_t i = 0; i < model.weights.size(); ++i) {
    columns[evidence_names()[i]] = {{"weight", model.weights[i]}, {"mean", model.mean[i]}, {"scale", model.scale[i]}};
  }
  for (const auto& [name, value] : model.measured) measured[name] = value;
  return {{"version", model.version},        {"index_model", model.index_model}, {"bias", model.bias},
          {"threshold", model.threshold},    {"answerable", model.answerable},   {"unanswerable", model.unanswerable},
          {"measured", std::move(measured)}, {"evidence", std::move(columns)}};
}

std::filesystem::path answerability_file(const std::filesystem::path& state, const std::string& index_model) {
  constexpr std::size_t digits = 12;
  return state / "rankers" / ("covered-" + sha256_hex(index_model).substr(0, digits) + ".json");
}

Result<void> save_answerability(const Answerability& model, const std::filesystem::path& file) {
  return disk().write(file, to_json(model).dump(2) + "\n");
}

Result<Answerability> load_answerability(const std::filesystem::path& file, const std::string& index_model) {
  const auto bytes = disk().read(file, max_file_bytes);
  if (!bytes && bytes.error().kind == ErrorKind::not_found) return uncalibrated();
  if (!bytes) return tl::unexpected(bytes.error());
  Answerability model;
  try {
    model = answerability_from(Json::parse(*bytes));
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("The calibration of the index cannot be used: {}", e.what()), file.string(),
                tune_again());
  }
  if (model.version != evidence_version || model.index_model != index_model) {
    return fail(ErrorKind::invalid, tr("The calibration is of another index or of another version of Twin"),
                file.string(), tune_again());
  }
  return model;
}

}  // namespace twin::inference
