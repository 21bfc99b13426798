#include "evaluation/corpus/corpus_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <queue>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "evaluation/corpus/named_groups.h"
#include "evaluation/corpus/plane.h"

namespace twin::evaluation {
namespace {

class MapMaker {
 public:
  MapMaker(const MapConfig& config, stores::Index& index, bool passages, ProgressSink& progress,
           const std::stop_token& stop)
      : config_(config), index_(index), progress_(progress), stop_(stop) {
    map_.passages = passages;
    rows_.columns = static_cast<std::size_t>(std::max(index.counts().dimension, 1));
  }

  CorpusMap run() {
    draw_points();
    read_points();
    place();
    name_map_groups();
    return std::move(map_);
  }

 private:
  using Ordered = std::pair<std::string, std::string>;  // hash, id

  void stop_if_told() const {
    if (stop_.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  }

  void offer(const std::string& id) {
    ++map_.all;
    drawn_.emplace(sha256_hex(fmt::format("{}/{}", config_.seed, id)), id);
    if (std::cmp_greater(drawn_.size(), config_.max_points)) drawn_.pop();
  }

  void draw_points() {
    std::string document;
    index_.each_chunk([&](stores::Chunk&& chunk) {
      stop_if_told();
      if (map_.passages) {
        offer(chunk.id);
      } else if (chunk.document_id != document) {
        document = chunk.document_id;
        offer(document);
      }
      return true;
    });
    for (; !drawn_.empty(); drawn_.pop()) wanted_.insert(drawn_.top().second);
  }

  void read_points() {
    const auto task = progress_.start(tr("map"), tr("points"));
    task->total(wanted_.size());
    index_.each_entry([&](stores::IndexEntry&& entry) {
      stop_if_told();
      const bool wanted = wanted_.contains(entry.document.id);
      if (wanted && !map_.passages && !entry.vectors.empty()) {
        add_point(entry, nullptr, mean_of(entry.vectors));
        task->add();
      }
      for (std::size_t i = 0; map_.passages && i < entry.vectors.size(); ++i) {
        if (!wanted_.contains(entry.chunks[i].id)) continue;
        add_point(entry, &entry.chunks[i], entry.vectors[i]);
        task->add();
      }
      return true;
    });
    if (map_.points.empty()) {
      throw Fatal(ErrorKind::not_found, tr("Nothing is indexed yet"), index_.location(), tr("run: twin index"));
    }
  }

  static std::vector<float> mean_of(const std::vector<std::vector<float>>& vectors) {
    std::vector<float> sum(vectors.front().size(), 0.0F);
    for (const auto& vector : vectors) {
      for (std::size_t i = 0; i < std::min(sum.size(), vector.size()); ++i) sum[i] += vector[i];
    }
    return sum;  // its length is of no importance: made 1 below
  }

  void add_point(const stores::IndexEntry& entry, const stores::Chunk* chunk, const std::vector<float>& vector) {
    const stores::IndexedDocument& document = entry.document;
    const std::string& said = chunk != nullptr ? chunk->text : entry.chunks.front().text;
    map_.points.push_back({.document_id = document.id,
                           .chunk_id = chunk != nullptr ? chunk->id : std::string(),
                           .url = document.url,
                           .title = document.title,
                           .heading = chunk != nullptr ? stores::heading_path(*chunk) : std::string(),
                           .text = shortened_text(said, static_cast<std::size_t>(config_.text_characters)),
                           .source = document.source,
                           .category = document.category,
                           .language = document.language});
    texts_.push_back(chunk != nullptr ? chunk->text : document.prose);
    double length = 0;
    for (const float x : vector) length += static_cast<double>(x) * static_cast<double>(x);
    length = std::sqrt(length);
    // A damaged vector lies in the middle, and `twin index doctor` names it.
    const bool usable = std::isfinite(length) && length > 0 && vector.size() == rows_.columns;
    for (std::size_t i = 0; i < rows_.columns; ++i) {
      rows_.values.push_back(usable ? static_cast<double>(vector[i]) / length : 0.0);
    }
  }

  void place() {
    const Table components = principal_components(rows_, static_cast<std::size_t>(config_.components), config_.seed);
    stop_if_told();
    const auto positions = lay_out(components, {config_.neighbours, config_.min_distance, config_.seed});
    stop_if_told();
    const auto groups = group(components, {config_.groups, config_.max_groups, config_.seed});
    for (std::size_t i = 0; i < map_.points.size(); ++i) {
      map_.points[i].x = positions[i][0];
      map_.points[i].y = positions[i][1];
      map_.points[i].group = groups[i];
    }
  }

  void name_map_groups() {
    std::vector<int> groups;
    groups.reserve(map_.points.size());
    for (const MapPoint& point : map_.points) groups.push_back(point.group);
    for (NamedGroup& named : name_groups(texts_, groups, static_cast<std::size_t>(config_.name_words))) {
      MapGroup group{.name = std::move(named.name), .words = std::move(named.words), .points = named.points};
      put_name(group, static_cast<int>(map_.groups.size()));
      map_.groups.push_back(std::move(group));
    }
  }

  /// At the point nearest to the group's middle (by medians): a mean may lie where no point is.
  void put_name(MapGroup& group, int number) const {
    std::vector<double> xs, ys;
    for (const MapPoint& point : map_.points) {
      if (point.group != number) continue;
      xs.push_back(point.x);
      ys.push_back(point.y);
    }
    const auto middle = [](std::vector<double>& values) {
      std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
      return values[values.size() / 2];
    };
    const double x = middle(xs), y = middle(ys);
    double nearest = std::numeric_limits<double>::infinity();
    for (const MapPoint& point : map_.points) {
      const double distance = std::hypot(point.x - x, point.y - y);
      if (point.group != number || distance >= nearest) continue;
      nearest = distance;
      group.x = point.x;
      group.y = point.y;
    }
  }

  const MapConfig& config_;
  stores::Index& index_;
  ProgressSink& progress_;
  const std::stop_token& stop_;
  CorpusMap map_;
  std::priority_queue<Ordered> drawn_;  // the largest hash on top
  std::set<std::string> wanted_;
  Table rows_;
  std::vector<std::string> texts_;
};

}  // namespace

CorpusMap make_map(const MapConfig& config, stores::Index& index, bool passages, ProgressSink& progress,
                   const std::stop_token& stop) {
  return MapMaker(config, index, passages, progress, stop).run();
}

void MapConfig::bind(config::Binder& b) {
  b.field("max_points", max_points, "Points of a map; of more, a sample by hash", {.min = 1, .max = 200'000});
  b.field("neighbours", neighbours, "Points that are to stay near each other (n_neighbors of UMAP)",
          {.min = 2, .max = 200});
  b.field("min_distance", min_distance, "How close points may lie (min_dist of UMAP)", {.min = 0, .max = 1});
  b.field("components", components, "Principal components that neighbours and groups are found in",
          {.min = 2, .max = 4096});
  b.field("groups", groups, "Groups; 0: as many as part the points best", {.min = 0, .max = 200});
  b.field("max_groups", max_groups, "Groups looked at when their number is not given", {.min = 2, .max = 200});
  b.field("name_words", name_words, "Words in the name of a group", {.min = 1, .max = 20});
  b.field("text_characters", text_characters, "Characters shown of a point's text", {.min = 0, .max = 10'000});
  b.field("seed", seed, "Seed of the sample and of the map");
}

Json to_json(const CorpusMap& map) {
  Json points = Json::array(), groups = Json::array();
  for (const MapPoint& point : map.points) {
    Json json{
        {"document", point.document_id}, {"url", point.url},           {"title", point.title}, {"source", point.source},
        {"category", point.category},    {"language", point.language}, {"x", point.x},         {"y", point.y},
        {"group", point.group}};
    if (!point.chunk_id.empty()) json["passage"] = point.chunk_id;
    points.push_back(std::move(json));
  }
  for (const MapGroup& group : map.groups) {
    groups.push_back(
        {{"name", group.name}, {"words", group.words}, {"points", group.points}, {"x", group.x}, {"y", group.y}});
  }
  return {{"of", map.passages ? "passages" : "documents"},
          {"all", map.all},
          {"points", std::move(points)},
          {"groups", std::move(groups)}};
}

}  // namespace twin::evaluation
