#include "stores/index/qdrant/points.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>

#include "core/hash.h"
#include "stores/index/rules.h"

namespace twin::stores::qdrant {
namespace {

std::string uuid_of(std::initializer_list<std::string_view> parts) {
  Sha256 hash;
  for (const auto part : parts) hash.field(part);
  const std::string hex = hash.hex();
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20, 12));
}

}  // namespace

std::string meta_point() {
  return uuid_of({"meta"});
}

std::string document_point(std::string_view document_id) {
  return uuid_of({"document", document_id});
}

std::string chunk_point(std::string_view generation, std::string_view chunk_id) {
  return uuid_of({"chunk", generation, chunk_id});
}

std::string generation_of(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                          const std::vector<std::vector<float>>& vectors) {
  Sha256 hash;
  const DocumentState none;
  hash.field(document_payload(document, none).dump());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    hash.field(chunk.id)
        .field(fmt::format("{} {} {} {}", chunk.document_version, chunk.start, chunk.end, chunk.tokens))
        .field(std::to_string(chunk.headings.size()));
    if (chunk.parent.end > 0) {
      hash.field(fmt::format("parent {} {} {}", chunk.parent.start, chunk.parent.end, chunk.parent.headings));
    }
    for (const auto& heading : chunk.headings) hash.field(heading);
    const auto bytes = std::as_bytes(std::span(vectors[i]));
    hash.field(chunk.text).field(chunk.retrieval).field({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  for (const IndexedPicture& picture : document.pictures) {
    const auto bytes = std::as_bytes(std::span(picture.vector));
    hash.field(fmt::format("picture {}", picture.passage)).field(picture.source).field(picture.sha256);
    hash.field({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  return hash.hex().substr(0, 32);
}

std::string point_json(const std::string& id, const Json& payload, std::string_view vectors) {
  return fmt::format(R"({{"id":"{}","vector":{},"payload":{}}})", id, vectors, payload.dump());
}

Json meta_payload(const Meta& meta) {
  return {{"kind", "meta"},
          {"model", meta.model},
          {"dimension", meta.dimension},
          {"words", meta.words},
          {"average_length", meta.average_length},
          {"sequence", meta.sequence},
          {"documents", meta.documents},
          {"chunks", meta.chunks},
          {"tokens", meta.tokens},
          {"pictures", meta.pictures},
          {"last_document", meta.last_document},
          {"embedder", meta.embedder},
          {"centering", meta.centering},
          {"served", meta.served}};
}

Meta meta_of(const Json& payload) {
  Meta meta;
  meta.model = payload.at("model").get<std::string>();
  meta.dimension = payload.at("dimension").get<int>();
  meta.words = payload.at("words").get<std::string>();
  meta.average_length = payload.at("average_length").get<double>();
  meta.sequence = payload.at("sequence").get<std::int64_t>();
  meta.documents = payload.at("documents").get<std::int64_t>();
  meta.chunks = payload.at("chunks").get<std::int64_t>();
  meta.tokens = payload.at("tokens").get<std::int64_t>();
  meta.pictures = payload.value("pictures", std::int64_t{0});
  meta.last_document = payload.at("last_document").get<std::string>();
  meta.embedder = payload.value("embedder", std::string());
  meta.centering = payload.value("centering", std::string());
  meta.served = payload.value("served", std::int64_t{0});
  return meta;
}

Json document_payload(const IndexedDocument& d, const DocumentState& state) {
  Json payload = {{"kind", "document"},
                  {"id", d.id},
                  {"version", d.version},
                  {"feature_key", d.feature_key},
                  {"url", d.url},
                  {"title", d.title},
                  {"source", d.source},
                  {"category", d.category},
                  {"language", d.language},
                  {"authors", d.author_ids},
                  {"published", d.published},
                  {"weight", fmt::format("{}", d.weight)},
                  {"prose", d.prose},
                  {"generation", state.generation},
                  {"sequence", state.sequence},
                  {"chunks", state.chunks},
                  {"tokens", state.tokens}};
  if (state.pictures > 0) payload["pictures"] = state.pictures;
  return payload;
}

IndexedDocument document_of(const Json& payload) {
  IndexedDocument d;
  d.id = payload.at("id").get<std::string>();
  d.version = payload.at("version").get<int>();
  d.feature_key = payload.at("feature_key").get<std::string>();
  d.url = payload.at("url").get<std::string>();
  d.title = payload.at("title").get<std::string>();
  d.source = payload.at("source").get<std::string>();
  d.category = payload.at("category").get<std::string>();
  d.language = payload.at("language").get<std::string>();
  d.author_ids = payload.at("authors").get<std::vector<std::string>>();
  d.published = payload.at("published").get<std::int64_t>();
  d.weight = std::stod(payload.at("weight").get<std::string>());
  d.prose = payload.at("prose").get<std::string>();
  return d;
}

DocumentState state_of(const Json& payload) {
  return {payload.at("generation").get<std::string>(), payload.at("sequence").get<std::int64_t>(),
          payload.at("chunks").get<std::int64_t>(), payload.at("tokens").get<std::int64_t>(),
          payload.value("pictures", std::int64_t{0})};
}

Json chunk_payload(const IndexedDocument& document, const Chunk& chunk, std::size_t position,
                   const DocumentState& state) {
  Json payload = {{"kind", "chunk"},
                  {"chunk", chunk.id},
                  {"document", document.id},
                  {"generation", state.generation},
                  {"sequence", state.sequence},
                  {"position", position},
                  {"version", chunk.document_version},
                  {"start", chunk.start},
                  {"end", chunk.end},
                  {"tokens", chunk.tokens},
                  {"headings", chunk.headings},
                  {"retrieval", chunk.retrieval},
                  {"source", document.source},
                  {"category", document.category},
                  {"language", document.language},
                  {"authors", document.author_ids},
                  {"published", document.published}};
  if (chunk.parent.end > 0) payload["parent"] = {chunk.parent.start, chunk.parent.end, chunk.parent.headings};
  if (!index_detail::is_slice(document, chunk)) payload["text"] = chunk.text;
  for (const IndexedPicture& picture : document.pictures) {
    if (picture.passage == position) payload["pictures"].push_back({picture.source, picture.sha256});
  }
  return payload;
}

std::vector<IndexedPicture> pictures_of(const Json& payload, const Json& vectors, std::size_t position) {
  std::vector<IndexedPicture> pictures;
  const auto listed = payload.find("pictures");
  if (listed == payload.end() || !vectors.is_array() || vectors.size() != listed->size()) return pictures;
  for (std::size_t i = 0; i < listed->size(); ++i) {
    const Json& entry = listed->at(i);
    pictures.push_back(
        {position, entry.at(0).get<std::string>(), entry.at(1).get<std::string>(), floats_of(vectors.at(i))});
  }
  return pictures;
}

ParentSpan parent_of(const Json& payload) {
  const auto parent = payload.find("parent");
  if (parent == payload.end()) return {};
  return {parent->at(0).get<std::size_t>(), parent->at(1).get<std::size_t>(), parent->at(2).get<int>()};
}

Chunk chunk_of(const Json& payload, const std::string& prose) {
  Chunk chunk;
  chunk.id = payload.at("chunk").get<std::string>();
  chunk.document_id = payload.at("document").get<std::string>();
  chunk.document_version = payload.at("version").get<int>();
  chunk.start = payload.at("start").get<std::size_t>();
  chunk.end = payload.at("end").get<std::size_t>();
  chunk.tokens = payload.at("tokens").get<int>();
  chunk.headings = payload.at("headings").get<std::vector<std::string>>();
  chunk.retrieval = payload.at("retrieval").get<std::string>();
  chunk.parent = parent_of(payload);
  if (const auto text = payload.find("text"); text != payload.end()) {
    chunk.text = text->get<std::string>();
  } else if (chunk.start <= prose.size()) {
    chunk.text = prose.substr(chunk.start, chunk.end - chunk.start);
  }
  return chunk;
}

std::string number_list(const std::vector<float>& values) {
  std::string list = "[";
  for (const float value : values) {
    if (list.size() > 1) list += ',';
    fmt::format_to(std::back_inserter(list), "{}", value);
  }
  list += ']';
  return list;
}

std::vector<float> floats_of(const Json& numbers) {
  std::vector<float> values;
  values.reserve(numbers.size());
  for (const auto& number : numbers) values.push_back(static_cast<float>(number.get<double>()));
  return values;
}

}  // namespace twin::stores::qdrant
