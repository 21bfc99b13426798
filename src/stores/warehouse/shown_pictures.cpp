#include "stores/warehouse/shown_pictures.h"

#include <nlohmann/json.hpp>

#include "stores/warehouse/metadata_list.h"

namespace twin::stores {

std::vector<ShownPicture> shown_pictures(const Document& document) {
  std::vector<ShownPicture> pictures;
  for (const Json& entry : objects_in_metadata(document, shown_pictures_key)) {
    if (!entry.contains("source") || !entry.contains("sha256")) continue;
    const Json &source = entry.at("source"), &sha256 = entry.at("sha256");
    if (!source.is_string() || !sha256.is_string()) continue;
    pictures.push_back({source.get<std::string>(), sha256.get<std::string>()});
  }
  return pictures;
}

void set_shown_pictures(Document& document, const std::vector<ShownPicture>& pictures) {
  Json list = Json::array();
  for (const ShownPicture& picture : pictures) list.push_back({{"source", picture.source}, {"sha256", picture.sha256}});
  set_in_metadata(document, shown_pictures_key, list);
}

}  // namespace twin::stores
