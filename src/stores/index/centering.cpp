#include "stores/index/centering.h"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base64.h"
#include "core/json.h"

namespace twin::stores {
namespace {

std::string packed(const std::vector<float>& vector) {
  std::string bytes(vector.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  return base64_encode(bytes);
}

/// Nothing where it is no such vector.
std::optional<std::vector<float>> unpacked(const Json& text, int dimension) {
  if (!text.is_string()) return std::nullopt;
  const auto bytes = base64_decode(text.get_ref<const std::string&>());
  if (!bytes || bytes->size() != static_cast<std::size_t>(dimension) * sizeof(float)) return std::nullopt;
  std::vector<float> vector(static_cast<std::size_t>(dimension));
  std::memcpy(vector.data(), bytes->data(), bytes->size());
  for (const float x : vector) {
    if (!std::isfinite(x)) return std::nullopt;
  }
  return vector;
}

}  // namespace

std::string to_text(const QueryCentering& centering) {
  Json directions = Json::array();
  for (const auto& direction : centering.directions) directions.push_back(packed(direction));
  return Json{{"version", centering.version},
              {"centre", packed(centering.centre)},
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
