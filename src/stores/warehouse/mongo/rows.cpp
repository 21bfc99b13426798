#include "stores/warehouse/mongo/rows.h"

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::stores::mongo {

Bson entry_of(const Document& d, const std::string& body_sha256) {
  // A list, because BSON keys may not hold what the keys of metadata may.
  std::vector<Bson> metadata;
  metadata.reserve(d.metadata.size());
  for (const auto& [key, value] : d.metadata) metadata.push_back(bson("k", key, "v", value));
  return bson("version", d.version, "source", d.source, "category", d.category, "author_ids", d.author_ids, "title",
              d.title, "raw_sha256", d.raw_sha256, "raw_type", d.raw_type, "language", d.language, "published",
              Date{d.published}, "fetched", Date{d.fetched}, "content_hash", d.content_hash, "metadata", metadata,
              "body", body_sha256, "body_bytes", static_cast<std::int64_t>(d.body.size()));
}

Entry entry_from(View entry) {
  Entry found;
  Document& d = found.document;
  d.version = entry.small("version");
  d.source = entry.text("source");
  d.category = entry.text("category");
  d.author_ids = entry.texts("author_ids");
  d.title = entry.text("title");
  d.raw_sha256 = entry.text("raw_sha256");
  d.raw_type = entry.text("raw_type");
  d.language = entry.text("language");
  d.published = entry.integer("published");
  d.fetched = entry.integer("fetched");
  d.content_hash = entry.text("content_hash");
  for (const View& pair : entry.children("metadata")) d.metadata[pair.text("k")] = pair.text("v");
  found.body_sha256 = entry.text("body");
  found.body_bytes = entry.integer("body_bytes");
  return found;
}

Entry entry_from(View row, View entry) {
  Entry found = entry_from(entry);
  Document& d = found.document;
  d.id = row.text("_id");
  d.url = row.text("url");
  d.deleted = row.flag("deleted") && d.version == row.child("current").small("version");
  d.deleted_at = d.deleted ? row.integer("deleted_at") : 0;
  return found;
}

std::string part_id(const std::string& sha256, std::int64_t part) {
  return part == 0 ? sha256 : sha256 + "/" + std::to_string(part);
}

std::vector<Bson> body_rows(const std::string& sha256, std::string_view text) {
  std::vector<std::string_view> parts;
  do {
    parts.push_back(text::clip(text, kPartBytes));
    text.remove_prefix(parts.back().size());
  } while (!text.empty());
  std::vector<Bson> rows;
  for (std::size_t i = parts.size(); i-- > 0;) {
    rows.push_back(bson("_id", part_id(sha256, static_cast<std::int64_t>(i)), "text", parts[i]));
    if (i == 0) rows.back().add("parts", static_cast<std::int64_t>(parts.size()));
  }
  return rows;
}

}  // namespace twin::stores::mongo
