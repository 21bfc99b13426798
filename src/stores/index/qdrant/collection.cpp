#include "stores/index/qdrant/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"

namespace twin::stores::qdrant {
namespace {

constexpr std::string_view kVersionMark = ".v";  // no index's own name has a full stop

/// What filters ask for: without an index Qdrant looks at every point.
constexpr std::pair<const char*, const char*> kIndexedFields[] = {
    {"kind", "keyword"},    {"chunk", "keyword"},    {"document", "keyword"},
    {"source", "keyword"},  {"category", "keyword"}, {"language", "keyword"},
    {"authors", "keyword"}, {"sequence", "integer"}, {"published", "integer"}};

/// A list that every Qdrant server has in such an answer.
const Json& list_in(const Json& result, const char* name, const std::string& location) {
  const auto found = result.is_object() ? result.find(name) : result.end();
  if (result.is_object() && found != result.end() && found->is_array()) return *found;
  throw Fatal(ErrorKind::invalid, tr("What answers there is no Qdrant server"), location, tr("is index.uri right?"));
}

}  // namespace

Collection::Collection(const Client& client, std::string name, std::string version)
    : client_(client), name_(std::move(name)), version_(std::move(version)), by_alias_(version_.empty()) {}

std::string Collection::path(const std::string& rest) const {
  return "/collections/" + (by_alias_ ? name_ : version_) + rest;
}

std::optional<Json> Collection::payload(const std::string& point, const Json& fields) const {
  const Json body = {{"ids", {point}}, {"with_payload", fields}, {"with_vector", false}};
  const auto result = client_.call("POST", path("/points"), body_of(body));
  if (!result || result->empty()) return std::nullopt;
  return result->front().at("payload");
}

std::optional<Meta> Collection::meta() const {
  const Json body = {{"ids", {meta_point()}}, {"with_payload", true}, {"with_vector", false}};
  const auto result = client_.call("POST", path("/points"), body_of(body));
  if (!result) return std::nullopt;
  if (result->empty() || !result->front().at("payload").contains("model")) {
    throw Fatal(ErrorKind::usage, tr("What has this name is no index of Twin"), client_.location(),
                tr("give index.uri another name"));
  }
  return meta_of(result->front().at("payload"));
}

void Collection::write(const Meta& meta) const {
  value_or_throw(client_.send("PUT", path("/points?wait=true"),
                              fmt::format(R"({{"points":[{}]}})", point_json(meta_point(), meta_payload(meta)))));
}

int Collection::number_of(const std::string& collection) const {
  const std::string prefix = name_ + std::string(kVersionMark);
  if (!collection.starts_with(prefix)) return 0;
  int number = 0;
  const char* end = collection.data() + collection.size();
  const auto read = std::from_chars(collection.data() + prefix.size(), end, number);
  return read.ec == std::errc() && read.ptr == end ? number : 0;
}

std::string Collection::serving() const {
  const auto result = client_.call("GET", "/aliases");
  if (!result) return {};
  for (const auto& alias : list_in(*result, "aliases", client_.location())) {
    if (alias.at("alias_name").get_ref<const std::string&>() != name_) continue;
    const auto& collection = alias.at("collection_name").get_ref<const std::string&>();
    return number_of(collection) > 0 ? collection : std::string();
  }
  return {};
}

std::vector<std::string> Collection::versions() const {
  std::vector<std::string> found;
  const auto list = client_.call("GET", "/collections");
  if (!list) return found;
  for (const auto& collection : list_in(*list, "collections", client_.location())) {
    const auto& other = collection.at("name").get_ref<const std::string&>();
    if (number_of(other) > 0) found.push_back(other);
  }
  std::sort(found.begin(), found.end(),
            [&](const auto& one, const auto& other) { return number_of(one) < number_of(other); });
  return found;
}

std::string Collection::add(const Meta& meta) const {
  const auto there = versions();
  std::string next = fmt::format("{}{}{}", name_, kVersionMark, there.empty() ? 1 : number_of(there.back()) + 1);
  create(next, meta);
  return next;
}

void Collection::drop(const std::string& collection) const {
  static_cast<void>(client_.call("DELETE", "/collections/" + collection));
}

void Collection::point_to(const std::string& collection) const {
  Json actions = Json::array();
  if (!serving().empty()) actions.push_back({{"delete_alias", {{"alias_name", name_}}}});
  actions.push_back({{"create_alias", {{"collection_name", collection}, {"alias_name", name_}}}});
  if (!client_.call("POST", "/collections/aliases", body_of({{"actions", actions}}))) {
    throw Fatal(ErrorKind::network, tr("The index could not be switched to another embedding model"),
                client_.location(), tr("is another program writing to it?"));
  }
}

void Collection::create(const std::string& collection, const Meta& meta) const {
  const std::string at = "/collections/" + collection;
  static_cast<void>(client_.call("DELETE", at));  // left by a crash before its switch
  // Vectors have length 1: their dot product is the cosine, and they stay as they are to the bit, which the digest and
  // copies need ("Cosine" would normalize them once more).
  const Json dense = {{"size", meta.dimension}, {"distance", "Dot"}, {"on_disk", true}};
  Json pictures = dense;  // any number of a passage
  pictures["multivector_config"] = {{"comparator", "max_sim"}};
  const Json body = {{"vectors", {{"dense", dense}, {"pictures", pictures}}},
                     {"sparse_vectors", {{"bm25", {{"modifier", "idf"}}}}},
                     {"quantization_config", {{"scalar", {{"type", "int8"}, {"always_ram", true}}}}},
                     {"on_disk_payload", true}};
  value_or_throw(client_.send("PUT", at, body_of(body)));
  for (const auto& [field, schema] : kIndexedFields) {
    value_or_throw(
        client_.send("PUT", at + "/index?wait=false", body_of({{"field_name", field}, {"field_schema", schema}})));
  }
  // Changes are carried out in their order: when this one is done, so are those before.
  value_or_throw(client_.send("PUT", at + "/points?wait=true",
                              fmt::format(R"({{"points":[{}]}})", point_json(meta_point(), meta_payload(meta)))));
}

void Collection::switch_to(const Meta& meta) {
  const std::string next = fmt::format("{}{}{}", name_, kVersionMark, number_of(serving()) + 1);
  create(next, meta);
  point_to(next);
  by_alias_ = true;
  for (const auto& other : versions()) {
    if (other != next) drop(other);
  }
}

Json matches(const std::string& key, const std::string& value) {
  return {{"key", key}, {"match", {{"value", value}}}};
}

Json matches_any(const std::string& key, const std::vector<std::string>& values) {
  return {{"key", key}, {"match", {{"any", values}}}};
}

}  // namespace twin::stores::qdrant
