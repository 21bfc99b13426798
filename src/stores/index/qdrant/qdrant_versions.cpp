#include "stores/index/qdrant/qdrant_versions.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "stores/index/qdrant/qdrant_index.h"
#include "stores/index/rules.h"

namespace twin::stores::qdrant {
namespace {

bool same(const Meta& meta, const IndexModel& model) {
  return meta.model == model.hash && meta.dimension == model.dimension;
}

}  // namespace

QdrantVersions::QdrantVersions(IndexConfig config, Server server, std::string name)
    : config_(std::move(config)), server_(server), name_(std::move(name)), client_(server, make_http_client()) {}

std::vector<std::pair<std::string, Meta>> QdrantVersions::all() const {
  std::vector<std::pair<std::string, Meta>> found;
  const Collection index(client_, name_);
  const Json body = {{"ids", {meta_point()}}, {"with_payload", true}, {"with_vector", false}};
  for (const auto& version : index.versions()) {
    const auto points = client_.call("POST", Collection(client_, name_, version).path("/points"), body_of(body));
    if (!points || points->empty() || !points->front().at("payload").contains("model")) continue;
    found.emplace_back(version, meta_of(points->front().at("payload")));
  }
  return found;
}

std::string QdrantVersions::serving_embedder() {
  const auto meta = Collection(client_, name_).meta();
  return meta ? meta->embedder : std::string();
}

std::unique_ptr<Index> QdrantVersions::open(const std::string& name) {
  return std::make_unique<QdrantIndex>(config_, server_, name_, make_http_client(), name);
}

std::vector<IndexVersion> QdrantVersions::list() {
  const std::string now = serving();
  auto found = all();
  // The serving one, those that served (last left first), those begun (last made first).
  std::stable_sort(found.begin(), found.end(), [&](const auto& one, const auto& other) {
    const bool first = one.first == now, second = other.first == now;
    return first != second ? first : one.second.served > other.second.served;
  });
  std::vector<IndexVersion> versions;
  for (const auto& [name, meta] : found) {
    IndexVersion version;
    version.name = name;
    version.state = name == now       ? IndexVersion::State::serving
                    : meta.served > 0 ? IndexVersion::State::kept
                                      : IndexVersion::State::building;
    version.embedder = meta.embedder;
    version.model = {meta.model, meta.dimension};
    version.counts = {meta.documents, meta.chunks, meta.chunks, meta.dimension, meta.pictures};
    versions.push_back(std::move(version));
  }
  return versions;
}

std::string QdrantVersions::prepare(const std::string& embedder, const IndexModel& model) {
  index_detail::check_dimension(model.dimension);
  const std::string now = serving();
  std::optional<Meta> present;
  std::string name;
  for (auto& [version, meta] : all()) {
    if (version == now) present = meta;
    if (same(meta, model) && (name.empty() || version == now)) name = version;
  }
  if (!name.empty()) {
    const Collection collection(client_, name_, name);
    auto meta = collection.meta();
    if (meta && meta->embedder != embedder) {
      meta->embedder = embedder;
      collection.write(*meta);
    }
    return name;
  }
  static_cast<void>(Collection(client_, name_).meta());  // throws where the name is taken by something else
  const bool nothing_serves = !present || present->documents == 0;
  Meta next;
  next.model = model.hash;
  next.dimension = model.dimension;
  next.embedder = embedder;
  next.words = words_identity(tokenizer_tier(config_.tokenizer), config_);
  next.average_length = present ? present->average_length : first_average_length;
  next.sequence = present ? present->sequence + 1 : 0;
  if (nothing_serves) next.served = present ? present->served + 1 : 1;
  const Collection index(client_, name_);
  name = index.add(next);
  if (nothing_serves) index.point_to(name);  // the first one can be searched as it grows
  return name;
}

void QdrantVersions::publish(const std::string& name, int keep) {
  const Collection index(client_, name_);
  const std::string before = serving();
  const bool switched = before != name;
  auto found = all();
  if (switched) {
    std::int64_t last = 1;  // what served before switches were counted
    for (const auto& [version, meta] : found) last = std::max(last, meta.served);
    for (auto& [version, meta] : found) {
      const std::int64_t served = version == name ? last + 1 : version == before && meta.served == 0 ? 1 : meta.served;
      if (served == meta.served) continue;
      meta.served = served;
      Collection(client_, name_, version).write(meta);
    }
    index.point_to(name);
  }
  std::map<std::string, std::int64_t> known;
  for (const auto& [version, meta] : found) known[version] = meta.served;
  std::vector<std::pair<std::int64_t, std::string>> former;
  for (const auto& version : index.versions()) {
    if (version == name) continue;
    if (const auto served = known[version]; served > 0) {  // 0: begun, or left by a crash
      former.emplace_back(served, version);
    } else if (switched) {
      index.drop(version);
    }
  }
  std::sort(former.rbegin(), former.rend());
  for (std::size_t i = static_cast<std::size_t>(std::max(keep, 0)); i < former.size(); ++i)
    index.drop(former[i].second);
}

}  // namespace twin::stores::qdrant
