#include "stores/index/centering.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base64.h"
#include "core/json.h"

namespace twin::stores {
namespace {

/// Nothing where it is no such vector.
std::optional<std::vector<float>> unpacked(const Json& text, int dimension) {
  if (!text.is_string()) return std::nullopt;
  auto vector = floats_of_base64(text.get_ref<const std::string&>());
  if (!vector || vector->size() != static_cast<std::size_t>(dimension)) return std::nullopt;
  for (const float x : *vector) {
    if (!std::isfinite(x)) return std::nullopt;
  }
  return vector;
}

}  // namespace

std::string to_text(const QueryCentering& centering) {
  Json directions = Json::array();
  for (const auto& direction : centering.directions) directions.push_back(base64_floats(direction));
  return Json{{"version", centering.version},
              {"centre", base64_floats(centering.centre)},
              {"directions", directions},
              {"not_understood", centering.not_understood}}
      .dump();
}

QueryCentering centering_from(std::string_view text, int dimension) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("version") || !json["version"].is_number_integer()) return {};
  QueryCentering centering;
  centering.version = json["version"].get<int>();
  auto centre = unpacked(json.value("centre", Json()), dimension);
  if (!centre) return {};
  centering.centre = std::move(*centre);
  for (const Json& direction : json.value("directions", Json::array())) {
    auto vector = unpacked(direction, dimension);
    if (!vector) return {};
    centering.directions.push_back(std::move(*vector));
  }
  for (const Json& language : json.value("not_understood", Json::array())) {
    if (!language.is_string()) return {};
    centering.not_understood.push_back(language.get<std::string>());
  }
  return centering;
}

}  // namespace twin::stores
