// Statistics of training sets as one HTML page.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/i18n.h"
#include "core/text/html.h"
#include "core/text/html_page.h"
#include "core/text/unicode.h"
#include "feature/training_sets/set_stats.h"

namespace twin::feature {
namespace {

using text::html_escaped;

constexpr std::string_view kStatsStyle = R"(
th:first-child, td:first-child, td.words { text-align: left; }
figure { display: inline-block; margin: .6rem 1.5rem .6rem 0; vertical-align: top; }
figcaption { font-weight: 600; }
svg text { fill: currentColor; font-size: 12px; }
svg rect { fill: var(--accent); }
)";

using Bars = std::vector<std::pair<std::string, std::int64_t>>;

/// Horizontal bars, one a row, with its label and number.
std::string bar_plot(const std::string& title, const Bars& bars) {
  constexpr double row = 22, labels = 190, width = 220;
  std::int64_t largest = 1;
  for (const auto& [label, value] : bars) largest = std::max(largest, value);
  std::string out = fmt::format(
      "<figure><figcaption>{0}</figcaption>\n<svg width=\"500\" height=\"{1:.0f}\" role=\"img\" "
      "aria-label=\"{0}\">\n",
      html_escaped(title), row * static_cast<double>(bars.size()));
  double y = 0;
  for (const auto& [label, value] : bars) {
    const double length = width * static_cast<double>(value) / static_cast<double>(largest);
    out += fmt::format(
        "<text x=\"0\" y=\"{:.0f}\">{}</text><rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"14\"/>"
        "<text x=\"{:.1f}\" y=\"{:.0f}\">{}</text>\n",
        y + 14, html_escaped(text::clip_columns(label, 26)), labels, y + 3, length, labels + length + 6, y + 14, value);
    y += row;
  }
  return out + "</svg></figure>\n";
}

/// Upright bars over lengths, with both ends of the scale and the median named.
std::string length_plot(const std::string& title, const SetLengths& lengths) {
  constexpr double width = 420, height = 120;
  const std::vector<SetBin> bins = histogram(lengths);
  if (bins.empty()) return {};
  std::int64_t largest = 1;
  for (const SetBin& bin : bins) largest = std::max(largest, bin.count);
  const double step = width / static_cast<double>(bins.size());
  std::string out = fmt::format(
      "<figure><figcaption>{0}</figcaption>\n<svg width=\"{1:.0f}\" height=\"{2:.0f}\" role=\"img\" "
      "aria-label=\"{0}\">\n",
      html_escaped(title), width + 60, height + 20);
  double x = 0;
  for (const SetBin& bin : bins) {
    const double tall = height * static_cast<double>(bin.count) / static_cast<double>(largest);
    out += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}–{}: {}</title></rect>\n", x + 1,
        height - tall, std::max(step - 2, 1.0), tall, bin.from, bin.to - 1, bin.count);
    x += step;
  }
  const std::string middle = tr("median {}", lengths.quantile(0.5));
  out += fmt::format(
      "<text x=\"0\" y=\"{0:.0f}\">0</text><text x=\"{1:.0f}\" y=\"{0:.0f}\">{2}</text>"
      "<text x=\"{3:.0f}\" y=\"{0:.0f}\">{4}</text>\n",
      height + 15, width / 2 - 30, html_escaped(middle), width - 20, lengths.quantile(1));
  return out + "</svg></figure>\n";
}

Bars samples_of(const std::map<std::string, SetCount>& counts) {
  Bars bars;
  for (const auto& [name, count] : counts) bars.emplace_back(name, count.samples);
  return bars;
}

std::string count_table(const std::string& title, const std::map<std::string, SetCount>& counts) {
  std::string out = fmt::format("<table><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>\n",
                                html_escaped(title), html_escaped(tr("samples")), html_escaped(tr("tokens")),
                                html_escaped(tr("characters of answers")));
  for (const auto& [name, count] : counts) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", html_escaped(name), count.samples,
                       count.tokens, count.characters);
  }
  return out + "</tbody></table>\n";
}

/// Samples left after each step as bars, then what was removed and why.
std::string steps_html(const Json& manifest) {
  if (!manifest.contains("steps") || !manifest["steps"].is_array()) return {};
  Bars left;
  std::string rows;
  for (const Json& step : manifest["steps"]) {
    const std::string name = step.value("step", "");
    if (step.contains("in")) {
      if (left.empty()) left.emplace_back(tr("drafts"), step.value("in", std::int64_t{0}));
      left.emplace_back(name, step.value("out", std::int64_t{0}));
    }
    std::string why;
    const Json removed = step.value("removed", Json::object());
    for (const auto& [reason, count] : removed.items()) {
      why += fmt::format("{}{} {}", why.empty() ? "" : ", ", reason, count.dump());
    }
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"words\">{}</td></tr>\n",
                        html_escaped(name), html_escaped(step.value("unit", "")),
                        step.contains("in") ? step["in"].dump() : "", step.contains("out") ? step["out"].dump() : "",
                        html_escaped(why));
  }
  return bar_plot(tr("Samples left after each step"), left) +
         fmt::format(
             "<table><thead><tr><th>{}</th><th></th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>\n{}"
             "</tbody></table>\n",
             html_escaped(tr("step")), html_escaped(tr("in")), html_escaped(tr("out")), html_escaped(tr("removed")),
             rows);
}

std::string pii_html(const Json& manifest) {
  if (!manifest.contains("pii") || !manifest["pii"].is_object()) return {};
  Bars found;
  const Json by_kind = manifest["pii"].value("found", Json::object());
  for (const auto& [kind, count] : by_kind.items()) {
    if (count.is_number_integer()) found.emplace_back(kind, count.get<std::int64_t>());
  }
  return found.empty() ? std::string() : bar_plot(tr("Personal data found"), found);
}

}  // namespace

std::string to_html(const std::vector<SetStats>& sets, const std::string& how_counted) {
  std::string out =
      text::report_page_start(tr("Training sets"), kStatsStyle) + fmt::format("<p>{}</p>\n", html_escaped(how_counted));
  for (const SetStats& stats : sets) {
    out += fmt::format("<h2>{}</h2>\n",
                       html_escaped(tr("{}: {} samples, {} tokens", stats.name, stats.all.samples, stats.all.tokens)));
    out += count_table(tr("split"), stats.splits) + count_table(tr("kind"), stats.kinds);
    out +=
        bar_plot(tr("Languages"), samples_of(stats.languages)) + bar_plot(tr("Made by"), samples_of(stats.generators));
    out += bar_plot(tr("Categories"), samples_of(stats.categories));
    out += length_plot(tr("Characters of answers"), stats.answers);
    out += length_plot(tr("Characters of questions"), stats.questions);
    if (stats.diversity) out += to_html(*stats.diversity);
    if (stats.manifest.empty()) continue;
    const Json manifest = Json::parse(stats.manifest);
    out += steps_html(manifest) + pii_html(manifest);
  }
  out += text::html_page_end();
  return out;
}

}  // namespace twin::feature
