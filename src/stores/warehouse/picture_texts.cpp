#include "stores/warehouse/picture_texts.h"

#include <nlohmann/json.hpp>

namespace twin::stores {
namespace {

std::string picture_member(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::vector<PictureText> picture_texts(const Document& document) {
  std::vector<PictureText> texts;
  const auto kept = document.metadata.find(picture_texts_key);
  if (kept == document.metadata.end()) return texts;
  const Json list = Json::parse(kept->second, nullptr, false);
  if (!list.is_array()) return texts;
  for (const Json& entry : list) {
    if (!entry.is_object()) continue;
    texts.push_back({picture_member(entry, "source"), picture_member(entry, "sha256"), picture_member(entry, "text")});
  }
  return texts;
}

void set_picture_texts(Document& document, const std::vector<PictureText>& texts) {
  document.metadata.erase(picture_texts_key);
  if (texts.empty()) return;
  Json list = Json::array();
  for (const PictureText& text : texts) {
    list.push_back({{"source", text.source}, {"sha256", text.sha256}, {"text", text.markdown}});
  }
  document.metadata[picture_texts_key] = list.dump();
}

}  // namespace twin::stores
