#include "evaluation/corpus/map_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/i18n.h"
#include "core/text/html.h"
#include "core/text/unicode.h"

namespace twin::evaluation {
namespace {

using text::html_escaped;

constexpr double kMapWidth = 1000, kMapMargin = 60;
constexpr double kNameHeight = 17, kColumnWidth = 7.4;  // of a name's letters, at 14 px

constexpr std::array<std::string_view, 12> kPalette = {"#4477aa", "#ee6677", "#228833", "#aa3377",
                                                       "#ccaa00", "#66ccee", "#ee7733", "#009988",
                                                       "#7a5195", "#996633", "#5b8c00", "#777777"};

struct Box {
  double left, right, top, bottom;
  [[nodiscard]] bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

/// Where names go: at their point, or above or below it where another name is.
Box free_place(double x, double y, double width, const std::vector<Box>& taken) {
  Box box{};
  for (int step = 0; step < 12; ++step) {
    const int lines = (step + 1) / 2;  // away from the point
    const double shift = kNameHeight * lines * (step % 2 == 0 ? 1 : -1);
    box = {x - width / 2, x + width / 2, y + shift - kNameHeight / 2, y + shift + kNameHeight / 2};
    if (std::none_of(taken.begin(), taken.end(), [&](const Box& other) { return box.meets(other); })) break;
  }
  return box;
}

}  // namespace

std::string_view group_colour(int group) {
  return kPalette.at(static_cast<std::size_t>(group) % kPalette.size());
}

std::string map_caption(const CorpusMap& map) {
  std::string caption = map.passages ? tr("{} of {} passages", map.points.size(), map.all)
                                     : tr("{} of {} documents", map.points.size(), map.all);
  caption += ". " + tr("Near each other: what the embedding model finds alike (UMAP). Axes have no unit.");
  if (map.is_sample()) caption += " " + tr("A sample, drawn by hash: map.max_points draws more.");
  return caption;
}

MapDrawing draw_map(const CorpusMap& map) {
  double low = 1, high = -1;
  for (const MapPoint& point : map.points) {
    low = std::min(low, point.y);
    high = std::max(high, point.y);
  }
  const double scale = (kMapWidth - 2 * kMapMargin) / 2;
  MapDrawing drawing{kMapWidth, 2 * kMapMargin + std::max(0.0, high - low) * scale, {}};
  const auto x_of = [&](double x) { return std::clamp(kMapMargin + (x + 1) * scale, 0.0, kMapWidth); };
  const auto y_of = [&](double y) { return kMapMargin + (high - y) * scale; };
  const double radius = map.points.size() > 1500 ? 2.5 : map.points.size() > 300 ? 4 : 6;
  for (std::size_t i = 0; i < map.points.size(); ++i) {
    const MapPoint& point = map.points[i];
    drawing.shapes += fmt::format(
        "<circle class=\"p\" data-i=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" "
        "fill=\"{}\"><title>{}</title></circle>\n",
        i, x_of(point.x), y_of(point.y), radius, group_colour(point.group),
        html_escaped(point.heading.empty() ? point.title : point.title + " › " + point.heading));
  }
  std::vector<Box> taken;
  for (std::size_t g = 0; map.groups.size() > 1 && g < map.groups.size(); ++g) {
    const MapGroup& group = map.groups[g];
    const double width = text::columns(group.name) * kColumnWidth;
    const double x =
        std::clamp(x_of(group.x), std::min(width / 2, kMapWidth / 2), kMapWidth - std::min(width / 2, kMapWidth / 2));
    taken.push_back(free_place(x, y_of(group.y), width, taken));
    drawing.shapes += fmt::format(
        "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" data-group=\"{}\">{}</text>\n", x,
        taken.back().bottom - 4, g, html_escaped(group.name));
  }
  return drawing;
}

std::string to_svg(const CorpusMap& map) {
  const MapDrawing drawing = draw_map(map);
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" font-family=\"system-ui, sans-serif\" "
      "font-size=\"14\">\n"
      "<style>.name {{ font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 4px; fill: #222 }} "
      ".p {{ fill-opacity: .75 }}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}"
      "<text x=\"{:.0f}\" y=\"{:.0f}\" font-size=\"12\" fill=\"#555\">{}</text>\n</svg>\n",
      drawing.width, drawing.height + 30, drawing.shapes, kMapMargin / 3, drawing.height + 20,
      html_escaped(map_caption(map)));
}

}  // namespace twin::evaluation
