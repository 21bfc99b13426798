#include "stores/warehouse/picture_texts.h"

#include <nlohmann/json.hpp>

#include "stores/warehouse/metadata_list.h"

namespace twin::stores {
namespace {

std::string picture_member(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::vector<PictureText> picture_texts(const Document& document) {
  std::vector<PictureText> texts;
  for (const Json& entry : objects_in_metadata(document, picture_texts_key)) {
    texts.push_back({picture_member(entry, "source"), picture_member(entry, "sha256"), picture_member(entry, "text")});
  }
  return texts;
}

void set_picture_texts(Document& document, const std::vector<PictureText>& texts) {
  Json list = Json::array();
  for (const PictureText& text : texts) {
    list.push_back({{"source", text.source}, {"sha256", text.sha256}, {"text", text.markdown}});
  }
  set_in_metadata(document, picture_texts_key, list);
}

}  // namespace twin::stores
