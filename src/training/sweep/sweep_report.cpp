#include "training/sweep/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/i18n.h"
#include "core/text/html.h"
#include "core/text/html_page.h"
#include "core/text/unicode.h"
#include "training/sweep/trial_curves.h"

namespace twin::training {
namespace {

using text::html_escaped;

constexpr std::string_view sweep_style = R"(
tr.best { font-weight: 600; }
svg { display: block; max-width: 100%; }
svg text { fill: currentColor; font-size: 12px; }
svg path { fill: none; stroke-width: 1.5; }
svg path.best { stroke-width: 3; }
svg line { stroke: currentColor; opacity: .2; }
)";

std::string percent(double budget) {
  return fmt::format("{:.3g} %", 100 * budget);
}

std::string reached(const TrainResult& result, const std::string& metric) {
  return metric == "reward_accuracy" ? fmt::format("{:.1f} %", 100 * result.reward_accuracy)
                                     : fmt::format("{:.4f}", result.eval_loss);
}

std::string outcome(const Sweep& sweep, std::size_t index) {
  const Trial& trial = sweep.trials[index];
  if (trial.failure) return tr("failed");
  if (sweep.best == index) return tr("best");
  if (trial.rungs.empty()) return {};
  return trial.rungs.back().budget < 1 ? tr("ended at {}", percent(trial.rungs.back().budget)) : tr("whole run");
}

/// Different hues, as far from each other as can be for any number of trials.
std::string colour(std::size_t index) {
  return fmt::format("hsl({:.0f} 65% 50%)", std::fmod(static_cast<double>(index) * 137.508, 360.0));
}

constexpr double plot_width = 640, plot_height = 260, margin = 56;

std::string path_of(const Curve& curve, double low, double high) {
  std::string points;
  for (const auto& [at, value] : curve) {
    const double y = plot_height * (high - std::clamp(value, low, high)) / (high - low);
    points += fmt::format("{}{:.1f} {:.1f}", points.empty() ? "M" : " L", margin + plot_width * at, y + 10);
  }
  return points;
}

/// Curves over the share of a whole run. What lies above the highest start is cut: a diverging trial would flatten the
/// others.
std::string loss_plot(const std::string& title, const Sweep& sweep, const std::vector<Curve>& curves) {
  double low = 1e300, high = -1e300;
  for (const Curve& curve : curves) {
    for (const auto& [at, value] : curve) low = std::min(low, value);
    if (!curve.empty()) high = std::max(high, curve.front().second);
  }
  if (low >= high) return {};
  std::string out = fmt::format(
      "<h2>{0}</h2>\n<svg viewBox=\"0 0 {1:.0f} {2:.0f}\" width=\"{1:.0f}\" role=\"img\" aria-label=\"{0}\">\n",
      html_escaped(title), margin + plot_width + 20, plot_height + 40);
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double x = margin + plot_width * share, y = 10 + plot_height * (1 - share);
    out += fmt::format(
        "<line x1=\"{0:.0f}\" x2=\"{0:.0f}\" y1=\"10\" y2=\"{1:.0f}\"/><text x=\"{2:.0f}\" y=\"{3:.0f}\">{4}</text>"
        "<text x=\"0\" y=\"{5:.0f}\">{6:.3f}</text>\n",
        x, plot_height + 10, x - 12, plot_height + 28, percent(share), y + 4, low + (high - low) * share);
  }
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (curves[i].empty()) continue;
    const Trial& trial = sweep.trials[i];
    out += fmt::format("<path{} stroke=\"{}\" d=\"{}\"><title>{}: {}</title></path>\n",
                       sweep.best == i ? " class=\"best\"" : "", colour(i), path_of(curves[i], low, high), trial.number,
                       html_escaped(to_string(trial.settings)));
  }
  return out + "</svg>\n";
}

std::string html_rows(const Sweep& sweep) {
  const auto rows = sweep_rows(sweep);
  const auto order = ranking(sweep);
  std::string out;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    out += row > 0 && sweep.best == order[row - 1] ? "<tr class=\"best\">" : "<tr>";
    if (row == 0) out += "<th></th>";
    if (row > 0) out += fmt::format("<td style=\"color:{}\">●</td>", colour(order[row - 1]));
    for (const std::string& cell : rows[row])
      out += fmt::format("<{0}>{1}</{0}>", row == 0 ? "th" : "td", html_escaped(cell));
    out += "</tr>\n";
  }
  return out;
}

}  // namespace

std::vector<std::vector<std::string>> sweep_rows(const Sweep& sweep) {
  std::vector<std::string> head = {tr("trial")};
  if (!sweep.trials.empty()) {
    for (const auto& [key, value] : sweep.trials.front().settings) head.push_back(key);
  }
  for (const double budget : sweep.budgets) head.push_back(percent(budget));
  head.push_back(tr("tokens/s"));
  head.emplace_back();
  std::vector<std::vector<std::string>> rows = {head};
  for (const std::size_t index : ranking(sweep)) {
    const Trial& trial = sweep.trials[index];
    std::vector<std::string> row = {std::to_string(trial.number)};
    for (const auto& [key, value] : trial.settings) row.push_back(value);
    for (const double budget : sweep.budgets) {
      const TrainResult* result = result_at(trial, budget);
      row.push_back(result == nullptr ? "–" : reached(*result, sweep.metric));
    }
    row.push_back(trial.rungs.empty() ? "–" : fmt::format("{:.0f}", trial.rungs.back().result.tokens_per_s));
    row.push_back(outcome(sweep, index));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string to_table(const Sweep& sweep) {
  const auto rows = sweep_rows(sweep);
  std::vector<int> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text::columns(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(static_cast<std::size_t>(widths[i] - text::columns(row[i])), ' ');
      const bool last = i + 1 == row.size();
      line += (i == 0 ? "" : "   ") + (last ? row[i] : blanks + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  for (const Trial& trial : sweep.trials) {
    if (trial.failure) out += tr("trial {}: {}", trial.number, trial.failure->text()) + "\n";
  }
  return out;
}

std::string to_html(const Sweep& sweep, const std::filesystem::path& out) {
  std::vector<Curve> validation, training;
  for (const Trial& trial : sweep.trials) {
    auto curves = read_curves(trial_folder(out, trial.number) / "metrics.jsonl");
    validation.push_back(std::move(curves.validation));
    training.push_back(std::move(curves.training));
  }
  std::string page = text::report_page_start(tr("Sweep of a training run"), sweep_style) +
                     fmt::format("<div class=\"scroll\"><table>\n{}</table></div>\n", html_rows(sweep));
  for (const Trial& trial : sweep.trials) {
    if (!trial.failure) continue;
    page += fmt::format("<p class=\"failed\">{}</p>\n",
                        html_escaped(tr("trial {}: {}", trial.number, trial.failure->text())));
  }
  page += loss_plot(tr("Validation loss over the share of a whole run"), sweep, validation);
  page += loss_plot(tr("Training loss over the share of a whole run"), sweep, training);
  page += text::html_page_end();
  return page;
}

}  // namespace twin::training
