// The corpus as a map: a point a document (or a passage), what says the same lies together, and groups have names.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/progress.h"
#include "stores/index/index.h"

namespace twin::evaluation {

struct MapConfig {
  int max_points = 5000;      ///< of more, those with the smallest hash of seed and id are drawn
  int neighbours = 15;        ///< of a point, which are to stay near it (UMAP's n_neighbors)
  double min_distance = 0.1;  ///< how close points may lie (UMAP's min_dist)
  int components = 50;        ///< principal components of the vectors that neighbours and groups are found in
  int groups = 0;             ///< 0: as many as part the points best
  int max_groups = 20;        ///< looked at then
  int name_words = 3;         ///< in the name of a group
  int text_characters = 280;  ///< of a point's text
  std::int64_t seed = 17;
  void bind(config::Binder& b);
};

struct MapPoint {
  std::string document_id;
  std::string chunk_id;  ///< empty: the point is the document
  std::string url, title, heading, text, source, category, language;
  double x = 0, y = 0;  ///< -1 to 1, y upwards
  int group = 0;
};

/// Named by the words that its texts hold and the others lack: class-based tf-idf (Grootendorst 2022).
struct MapGroup {
  std::string name;                ///< the first words, joined by ", "
  std::vector<std::string> words;  ///< best first
  int points = 0;
  double x = 0, y = 0;  ///< of the point in its middle
};

struct CorpusMap {
  std::vector<MapPoint> points;  ///< in order of document and position
  std::vector<MapGroup> groups;  ///< the largest first
  std::int64_t all = 0;          ///< documents or passages in the index that have a vector
  bool passages = false;
  [[nodiscard]] bool is_sample() const { return static_cast<std::int64_t>(points.size()) < all; }
};

/// A document lies where the mean of its passages' vectors does. Reads the index twice, one document at a time, and no
/// model. Same index, same configuration, same map. Throws Fatal when the index holds no vector.
[[nodiscard]] CorpusMap make_map(const MapConfig& config, stores::Index& index, bool passages, ProgressSink& progress,
                                 const std::stop_token& stop);

[[nodiscard]] Json to_json(const CorpusMap& map);
/// One picture, for any viewer: titles show where the mouse rests.
[[nodiscard]] std::string to_svg(const CorpusMap& map);
/// One file without links to anything outside: text and link of the point under the mouse, search, colours by group,
/// source, category or language. Without scripts it is the picture.
[[nodiscard]] std::string to_html(const CorpusMap& map);

}  // namespace twin::evaluation
