#include "stores/warehouse/shown_pictures.h"

#include <nlohmann/json.hpp>

namespace twin::stores {

std::vector<ShownPicture> shown_pictures(const Document& document) {
  std::vector<ShownPicture> pictures;
  const auto kept = document.metadata.find(shown_pictures_key);
  if (kept == document.metadata.end()) return pictures;
  const Json list = Json::parse(kept->second, nullptr, false);
  if (!list.is_array()) return pictures;
  for (const Json& entry : list) {
    if (!entry.is_object() || !entry.contains("source") || !entry.contains("sha256")) continue;
    const Json &source = entry.at("source"), &sha256 = entry.at("sha256");
    if (!source.is_string() || !sha256.is_string()) continue;
    pictures.push_back({source.get<std::string>(), sha256.get<std::string>()});
  }
  return pictures;
}

void set_shown_pictures(Document& document, const std::vector<ShownPicture>& pictures) {
  document.metadata.erase(shown_pictures_key);
  if (pictures.empty()) return;
  Json list = Json::array();
  for (const ShownPicture& picture : pictures) list.push_back({{"source", picture.source}, {"sha256", picture.sha256}});
  document.metadata[shown_pictures_key] = list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace twin::stores
