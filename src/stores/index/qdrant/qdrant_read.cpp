// Reading documents and passages back.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/i18n.h"
#include "stores/index/qdrant/qdrant_index.h"

namespace twin::stores::qdrant {
namespace {

constexpr int kReadAttempts = 8;              // of documents that are changed meanwhile
constexpr std::size_t kDocumentsAtOnce = 16;  // with all their passages

const Json& every_field() {
  static const Json all = true;
  return all;
}

}  // namespace

void QdrantIndex::scroll(Json request, const std::function<bool(const Json& points)>& visit) const {
  request["limit"] = config_.qdrant.page;
  while (true) {
    const auto result = client_.call("POST", collection_.path("/points/scroll"), body_of(request));
    if (!result || !visit(result->at("points"))) return;
    const auto next = result->find("next_page_offset");
    if (next == result->end() || next->is_null()) return;
    request["offset"] = *next;
  }
}

std::vector<std::string> QdrantIndex::sample(const std::string& language, int count) {
  std::vector<std::string> ids;
  // In the order of the points' names, which are hashes.
  scroll({{"filter", {{"must", {matches("kind", "chunk"), matches("language", language)}}}},
          {"with_payload", {"chunk"}},
          {"with_vector", false}},
         [&](const Json& points) {
           for (const auto& point : points) {
             if (ids.size() < static_cast<std::size_t>(count)) {
               ids.push_back(point.at("payload").at("chunk").get<std::string>());
             }
           }
           return ids.size() < static_cast<std::size_t>(count);
         });
  return ids;
}

std::map<std::string, Json> QdrantIndex::documents(const std::vector<std::string>& ids, const Json& fields) const {
  std::map<std::string, Json> payloads;
  const auto page = static_cast<std::size_t>(config_.qdrant.page);
  for (std::size_t begin = 0; begin < ids.size(); begin += page) {
    Json points = Json::array();
    for (std::size_t i = begin; i < std::min(begin + page, ids.size()); ++i) points.push_back(document_point(ids[i]));
    const auto result = client_.call("POST", collection_.path("/points"),
                                     body_of({{"ids", points}, {"with_payload", fields}, {"with_vector", false}}));
    if (!result) return {};
    for (const auto& point : *result) {
      const Json& payload = point.at("payload");
      payloads.emplace(payload.at("id").get<std::string>(), payload);
    }
  }
  return payloads;
}

std::optional<IndexedDocument> QdrantIndex::document(const std::string& id) {
  const auto payload = collection_.payload(document_point(id), every_field());
  if (!payload) return std::nullopt;
  return document_of(*payload);
}

std::vector<std::pair<std::string, std::string>> QdrantIndex::document_keys() {
  std::vector<std::pair<std::string, std::string>> keys;
  scroll({{"filter", {{"must", {matches("kind", "document")}}}}, {"with_payload", {"id", "feature_key"}}},
         [&](const Json& points) {
           for (const auto& point : points) {
             const Json& payload = point.at("payload");
             keys.emplace_back(payload.at("id").get<std::string>(), payload.at("feature_key").get<std::string>());
           }
           return true;
         });
  std::sort(keys.begin(), keys.end());
  return keys;
}

IndexFacets QdrantIndex::facets() {
  std::set<std::string> categories, sources, authors, languages;
  scroll({{"filter", {{"must", {matches("kind", "document")}}}},
          {"with_payload", {"category", "source", "authors", "language"}}},
         [&](const Json& points) {
           for (const auto& point : points) {
             const Json& payload = point.at("payload");
             categories.insert(payload.at("category").get<std::string>());
             sources.insert(payload.at("source").get<std::string>());
             languages.insert(payload.at("language").get<std::string>());
             for (const auto& author : payload.at("authors")) authors.insert(author.get<std::string>());
           }
           return true;
         });
  const auto list = [](const std::set<std::string>& values) {
    return std::vector<std::string>(values.begin(), values.end());
  };
  return {list(categories), list(sources), list(authors), list(languages)};
}

// Of a document that is being replaced, passages of two generations may be there: the document says which are its own.
std::vector<IndexedPassage> QdrantIndex::passages(const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return {};
  std::vector<Json> payloads;
  std::set<std::string> owner_ids;
  scroll({{"filter", {{"must", {matches_any("chunk", chunk_ids)}}}}, {"with_payload", true}}, [&](const Json& points) {
    for (const auto& point : points) {
      payloads.push_back(point.at("payload"));
      owner_ids.insert(payloads.back().at("document").get<std::string>());
    }
    return true;
  });
  const auto owners = documents({owner_ids.begin(), owner_ids.end()}, every_field());
  std::map<std::string, IndexedPassage> by_id;
  for (const auto& payload : payloads) {
    const auto owner = owners.find(payload.at("document").get<std::string>());
    if (owner == owners.end() || owner->second.at("generation") != payload.at("generation")) continue;
    IndexedDocument document = document_of(owner->second);
    Chunk chunk = chunk_of(payload, document.prose);
    document.prose.clear();
    by_id.try_emplace(chunk.id, IndexedPassage{chunk, std::move(document)});
  }
  std::vector<IndexedPassage> found;
  found.reserve(by_id.size());
  for (const auto& id : chunk_ids) {
    if (const auto passage = by_id.find(id); passage != by_id.end()) found.push_back(passage->second);
  }
  return found;
}

std::vector<PassageOutline> QdrantIndex::outlines(const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return {};
  std::vector<Json> payloads;
  std::set<std::string> owner_ids;
  scroll({{"filter", {{"must", {matches_any("chunk", chunk_ids)}}}},
          {"with_payload", Json{"chunk", "document", "generation", "start", "end", "parent", "text"}}},
         [&](const Json& points) {
           for (const auto& point : points) {
             payloads.push_back(point.at("payload"));
             owner_ids.insert(payloads.back().at("document").get<std::string>());
           }
           return true;
         });
  const auto owners =
      documents({owner_ids.begin(), owner_ids.end()}, Json{"id", "generation", "weight", "published", "language"});
  std::map<std::string, PassageOutline> by_id;
  for (const auto& payload : payloads) {
    const auto owner = owners.find(payload.at("document").get<std::string>());
    if (owner == owners.end() || owner->second.at("generation") != payload.at("generation")) continue;
    PassageOutline outline;
    outline.chunk_id = payload.at("chunk").get<std::string>();
    outline.document_id = owner->first;
    outline.start = payload.at("start").get<std::size_t>();
    outline.end = payload.at("end").get<std::size_t>();
    outline.parent = parent_of(payload);
    const auto text = payload.find("text");
    outline.text_bytes =
        text == payload.end() ? outline.end - outline.start : text->get_ref<const std::string&>().size();
    outline.weight = std::stod(owner->second.at("weight").get<std::string>());
    outline.published = owner->second.at("published").get<std::int64_t>();
    outline.language = owner->second.at("language").get<std::string>();
    by_id.try_emplace(outline.chunk_id, outline);
  }
  std::vector<PassageOutline> found;
  found.reserve(by_id.size());
  for (const auto& id : chunk_ids) {
    if (const auto outline = by_id.find(id); outline != by_id.end()) found.push_back(outline->second);
  }
  return found;
}

std::vector<std::string> QdrantIndex::prose(const std::vector<ProseSpan>& spans) {
  std::set<std::string> ids;
  for (const ProseSpan& span : spans) ids.insert(span.document_id);
  const auto owners = documents({ids.begin(), ids.end()}, {"id", "prose"});
  std::vector<std::string> texts;
  texts.reserve(spans.size());
  for (const ProseSpan& span : spans) {
    texts.emplace_back();
    const auto owner = owners.find(span.document_id);
    if (owner == owners.end()) continue;
    const auto& whole = owner->second.at("prose").get_ref<const std::string&>();
    if (span.start < span.end && span.end <= whole.size()) {
      texts.back() = whole.substr(span.start, span.end - span.start);
    }
  }
  return texts;
}

std::map<std::string, std::vector<float>> QdrantIndex::vectors(const std::vector<std::string>& chunk_ids) {
  if (chunk_ids.empty()) return {};
  std::vector<Json> points_found;
  std::set<std::string> owner_ids;
  scroll({{"filter", {{"must", {matches_any("chunk", chunk_ids)}}}},
          {"with_payload", Json{"chunk", "document", "generation"}},
          {"with_vector", Json::array({"dense"})}},
         [&](const Json& points) {
           for (const auto& point : points) {
             points_found.push_back(point);
             owner_ids.insert(point.at("payload").at("document").get<std::string>());
           }
           return true;
         });
  const auto owners = documents({owner_ids.begin(), owner_ids.end()}, Json{"id", "generation"});
  std::map<std::string, std::vector<float>> found;
  for (const auto& point : points_found) {
    const Json& payload = point.at("payload");
    const auto owner = owners.find(payload.at("document").get<std::string>());
    if (owner == owners.end() || owner->second.at("generation") != payload.at("generation")) continue;
    found.emplace(payload.at("chunk").get<std::string>(), floats_of(point.at("vector").at("dense")));
  }
  return found;
}

std::vector<IndexEntry> QdrantIndex::read_batch(Wanted wanted, const std::vector<std::string>& ids) const {
  const bool texts = wanted != Wanted::vectors;
  const bool vectors = wanted != Wanted::texts;
  const Json document_fields =
      texts ? every_field() : Json{"id", "feature_key", "generation", "sequence", "chunks", "tokens", "pictures"};
  Json request = {
      {"filter", {{"must", {matches("kind", "chunk"), matches_any("document", ids)}}}},
      {"with_payload", texts ? every_field() : Json{"chunk", "document", "generation", "position", "pictures"}}};
  for (int attempt = 1;; ++attempt) {
    const auto payloads = documents(ids, document_fields);
    // A collection that was made before there were pictures knows no such vectors.
    const bool pictures = std::any_of(payloads.begin(), payloads.end(),
                                      [](const auto& each) { return state_of(each.second).pictures > 0; });
    if (vectors) request["with_vector"] = pictures ? Json{"dense", "pictures"} : Json::array({"dense"});
    std::map<std::string, std::map<std::int64_t, Json>> passages;  // by document, by position
    scroll(request, [&](const Json& points) {
      for (const auto& point : points) {
        const Json& payload = point.at("payload");
        const auto id = payload.at("document").get<std::string>();
        const auto owner = payloads.find(id);
        if (owner == payloads.end() || owner->second.at("generation") != payload.at("generation")) continue;
        passages[id].emplace(payload.at("position").get<std::int64_t>(), point);
      }
      return true;
    });
    std::vector<IndexEntry> entries;
    bool whole = true;
    for (const auto& [id, payload] : payloads) {
      const auto& own = passages[id];
      whole &= static_cast<std::int64_t>(own.size()) == payload.at("chunks").get<std::int64_t>();
      IndexEntry entry;
      if (texts) {
        entry.document = document_of(payload);
      } else {
        entry.document.id = id;
        entry.document.feature_key = payload.at("feature_key").get<std::string>();
      }
      for (const auto& [position, point] : own) {
        if (texts) {
          entry.chunks.push_back(chunk_of(point.at("payload"), entry.document.prose));
        } else {
          entry.chunks.emplace_back();
          entry.chunks.back().id = point.at("payload").at("chunk").get<std::string>();
        }
        if (!vectors) continue;
        const Json& found = point.at("vector");
        entry.vectors.push_back(floats_of(found.at("dense")));
        for (IndexedPicture& picture :
             pictures_of(point.at("payload"), found.value("pictures", Json()), entry.vectors.size() - 1)) {
          entry.document.pictures.push_back(std::move(picture));
        }
      }
      whole &= !vectors || std::cmp_equal(entry.document.pictures.size(), state_of(payload).pictures);
      entries.push_back(std::move(entry));
    }
    if (whole) return entries;
    if (attempt == kReadAttempts) {
      throw Fatal(ErrorKind::invalid, tr("Documents of the index are not whole, or change faster than they are read"),
                  location(), tr("wait for other writers, then run `twin index --force`"));
    }
  }
}

void QdrantIndex::read_entries(Wanted wanted, const std::function<bool(IndexEntry&&)>& visit) {
  const auto keys = document_keys();
  for (std::size_t begin = 0; begin < keys.size(); begin += kDocumentsAtOnce) {
    std::vector<std::string> ids;
    for (std::size_t i = begin; i < std::min(begin + kDocumentsAtOnce, keys.size()); ++i) ids.push_back(keys[i].first);
    for (IndexEntry& entry : read_batch(wanted, ids)) {
      if (!visit(std::move(entry))) return;
    }
  }
}

void QdrantIndex::each_chunk(const std::function<bool(Chunk&&)>& visit) {
  read_entries(Wanted::texts, [&](IndexEntry&& entry) {
    for (Chunk& chunk : entry.chunks) {
      if (!visit(std::move(chunk))) return false;
    }
    return true;
  });
}

void QdrantIndex::each_entry(const std::function<bool(IndexEntry&&)>& visit) {
  read_entries(Wanted::everything, visit);
}

}  // namespace twin::stores::qdrant
