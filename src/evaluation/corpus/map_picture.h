// The drawing that the picture and the page of a map share.
#pragma once

#include <string>
#include <string_view>

#include "evaluation/corpus/corpus_map.h"

namespace twin::evaluation {

struct MapDrawing {
  double width = 0, height = 0;
  std::string shapes;  ///< SVG elements: circles with class "p" and data-i, their number in the map; names of groups
};
[[nodiscard]] MapDrawing draw_map(const CorpusMap& map);

/// Colours that stay apart for most kinds of colour vision (after P. Tol, "Colour schemes", 2021); those of later
/// groups come again.
[[nodiscard]] std::string_view group_colour(int group);
/// One line under a map: how many points of how many, how it was made.
[[nodiscard]] std::string map_caption(const CorpusMap& map);

}  // namespace twin::evaluation
