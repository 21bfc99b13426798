#include "feature/training_sets/set_diversity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/html.h"

namespace twin::feature {
namespace {

using text::html_escaped;

/// Colours that stay apart for most kinds of colour vision (after P. Tol, "Colour schemes", 2021).
constexpr std::array<std::string_view, 10> kGroupColours = {"#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee",
                                                            "#aa3377", "#ee7733", "#009988", "#997700", "#777777"};
constexpr double kPlaneWidth = 520, kPlaneMargin = 8;

std::string_view colour_of(std::size_t group) {
  return kGroupColours.at(group % kGroupColours.size());
}

std::string figures(const SetDiversity& diversity) {
  return tr("{} groups; the largest has {:.0f} % of the samples; entropy {:.2f} bits, as of {:.1f} equal groups",
            diversity.groups.size(), 100 * diversity.largest_share(), diversity.entropy(),
            diversity.effective_groups());
}

std::string of_what(const SetDiversity& diversity) {
  return tr("{} of {} answers, by the embedding model {}", diversity.points.size(), diversity.all, diversity.model);
}

double share_of(const SetDiversity& diversity, const SetGroup& group) {
  return diversity.points.empty() ? 0.0
                                  : static_cast<double>(group.samples) / static_cast<double>(diversity.points.size());
}

std::string plane(const SetDiversity& diversity) {
  double low = 1, high = -1;
  for (const SetPoint& point : diversity.points) {
    low = std::min(low, point.y);
    high = std::max(high, point.y);
  }
  const double scale = (kPlaneWidth - 2 * kPlaneMargin) / 2;
  const double radius = diversity.points.size() > 1000 ? 2 : 3.5;
  std::string out = fmt::format(
      "<figure><figcaption>{0}</figcaption>\n<svg width=\"{1:.0f}\" height=\"{2:.0f}\" role=\"img\" "
      "aria-label=\"{0}\">\n",
      html_escaped(tr("Answers: near each other is what is alike")), kPlaneWidth,
      2 * kPlaneMargin + std::max(0.0, high - low) * scale);
  for (const SetPoint& point : diversity.points) {
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"><title>{}</title></circle>\n",
                       kPlaneMargin + (point.x + 1) * scale, kPlaneMargin + (high - point.y) * scale, radius,
                       colour_of(static_cast<std::size_t>(point.group)), html_escaped(point.text));
  }
  return out + "</svg></figure>\n";
}

}  // namespace

double SetDiversity::largest_share() const {
  return groups.empty() ? 0.0 : share_of(*this, groups.front());
}

double SetDiversity::entropy() const {
  double bits = 0;
  for (const SetGroup& group : groups) {
    const double share = share_of(*this, group);
    if (share > 0) bits -= share * std::log2(share);
  }
  return bits;
}

double SetDiversity::effective_groups() const {
  return groups.empty() ? 0.0 : std::exp2(entropy());
}

Json to_json(const SetDiversity& diversity) {
  Json groups = Json::array();
  for (const SetGroup& group : diversity.groups) {
    groups.push_back({{"name", group.name},
                      {"words", group.words},
                      {"samples", group.samples},
                      {"share", share_of(diversity, group)}});
  }
  return {{"model", diversity.model},
          {"all", diversity.all},
          {"measured", diversity.points.size()},
          {"largest_share", diversity.largest_share()},
          {"entropy_bits", diversity.entropy()},
          {"effective_groups", diversity.effective_groups()},
          {"groups", std::move(groups)}};
}

std::string to_text(const SetDiversity& diversity) {
  std::string out = fmt::format("  {}\n    {}\n    {}\n", tr("Diversity"), figures(diversity), of_what(diversity));
  for (const SetGroup& group : diversity.groups) {
    out += fmt::format("    {:>9} {:>5.1f} %  {}\n", group.samples, 100 * share_of(diversity, group), group.name);
  }
  return out;
}

std::string to_html(const SetDiversity& diversity) {
  std::string rows;
  for (std::size_t i = 0; i < diversity.groups.size(); ++i) {
    const SetGroup& group = diversity.groups[i];
    rows += fmt::format("<tr><td><span style=\"color: {}\">&#9679;</span> {}</td><td>{}</td><td>{:.1f} %</td></tr>\n",
                        colour_of(i), html_escaped(group.name), group.samples, 100 * share_of(diversity, group));
  }
  return fmt::format("<h3>{}</h3>\n<p>{}. {}.</p>\n{}", html_escaped(tr("Diversity")), html_escaped(figures(diversity)),
                     html_escaped(of_what(diversity)), plane(diversity)) +
         fmt::format("<table><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>\n{}</tbody></table>\n",
                     html_escaped(tr("group")), html_escaped(tr("samples")), html_escaped(tr("share")), rows);
}

}  // namespace twin::feature
