#include "stores/warehouse/document.h"

#include "core/hash.h"
#include "core/text/unicode.h"
#include "stores/warehouse/picture_texts.h"
#include "stores/warehouse/shown_pictures.h"

namespace twin::stores {
namespace {

bool repair(std::string& text) {
  if (text::first_invalid_utf8(text) == std::string::npos) return false;
  text = text::repair_utf8(text);
  return true;
}

}  // namespace

std::string document_id(const std::string& url) {
  return stable_id("doc", {url});
}

std::string content_hash(const Document& document) {
  Sha256 hash;
  hash.field(document.title).field(document.body).field(document.category);
  for (const auto& author : document.author_ids) hash.field(author);
  const auto pictures = document.metadata.find(picture_texts_key);
  if (pictures != document.metadata.end()) hash.field(picture_texts_key).field(pictures->second);
  const auto shown = document.metadata.find(shown_pictures_key);
  if (shown != document.metadata.end()) hash.field(shown_pictures_key).field(shown->second);
  return hash.hex();
}

bool repair_text(Document& document) {
  bool repaired = false;
  for (auto* text : {&document.url, &document.source, &document.category, &document.title, &document.body,
                     &document.raw_sha256, &document.raw_type, &document.language}) {
    repaired |= repair(*text);
  }
  for (auto& author : document.author_ids) repaired |= repair(author);
  std::map<std::string, std::string> metadata;
  for (const auto& [name, text] : document.metadata) {
    std::string key = name;
    std::string value = text;
    repaired |= repair(key);
    repaired |= repair(value);
    metadata.insert_or_assign(std::move(key), std::move(value));
  }
  document.metadata = std::move(metadata);
  return repaired;
}

}  // namespace twin::stores
