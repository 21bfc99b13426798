#include "stores/warehouse/metadata_list.h"

#include <nlohmann/json.hpp>

namespace twin::stores {

Json objects_in_metadata(const Document& document, const char* key) {
  Json objects = Json::array();
  const auto kept = document.metadata.find(key);
  if (kept == document.metadata.end()) return objects;
  Json list = Json::parse(kept->second, nullptr, false);
  if (!list.is_array()) return objects;
  for (Json& entry : list) {
    if (entry.is_object()) objects.push_back(std::move(entry));
  }
  return objects;
}

void set_in_metadata(Document& document, const char* key, const Json& list) {
  document.metadata.erase(key);
  if (!list.empty()) document.metadata[key] = list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace twin::stores
