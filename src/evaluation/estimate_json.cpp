#include "evaluation/estimate_json.h"

#include <nlohmann/json.hpp>

namespace twin::evaluation {

Json to_json(const Estimate& estimate) {
  Json json{
      {"mean", nullptr}, {"low", nullptr}, {"high", nullptr}, {"n", estimate.n}, {"documents", estimate.clusters}};
  if (!estimate.measured()) return json;
  json["mean"] = estimate.mean;
  if (!estimate.has_interval()) return json;
  json["low"] = estimate.low;
  json["high"] = estimate.high;
  return json;
}

Json to_json(const std::map<std::string, Estimate>& estimates) {
  Json json = Json::object();
  for (const auto& [name, estimate] : estimates) json[name] = to_json(estimate);
  return json;
}

}  // namespace twin::evaluation
