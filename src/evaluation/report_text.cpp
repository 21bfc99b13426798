#include "evaluation/report_text.h"

#include <fmt/core.h>

#include <set>

#include "core/i18n.h"

namespace twin::evaluation {

namespace {

constexpr std::string_view kNothing = "–";

std::string number(double value, int digits) {
  return fmt::format("{:.{}f}", value, digits);
}

bool any_measured(const EvalReport& report, const std::string& metric) {
  for (const ArmReport& arm : report.arms) {
    const auto found = arm.metrics.find(metric);
    if (found != arm.metrics.end() && found->second.measured()) return true;
  }
  return false;
}

}  // namespace

std::string with_interval(const Estimate& estimate, int digits) {
  if (!estimate.measured()) return std::string(kNothing);
  if (!estimate.has_interval()) return number(estimate.mean, digits);
  return fmt::format("{} [{}, {}]", number(estimate.mean, digits), number(estimate.low, digits),
                     number(estimate.high, digits));
}

std::string with_margin(const Estimate& estimate, int digits) {
  if (!estimate.measured()) return std::string(kNothing);
  if (!estimate.has_interval()) return number(estimate.mean, digits);
  return fmt::format("{} ±{}", number(estimate.mean, digits), number((estimate.high - estimate.low) / 2, digits));
}

std::string percent_change(const Estimate& estimate) {
  if (!estimate.measured()) return std::string(kNothing);
  std::string mean = fmt::format("{:+.1f} %", estimate.mean * 100);
  if (!estimate.has_interval()) return mean;
  return fmt::format("{} [{:+.1f}, {:+.1f}]", mean, estimate.low * 100, estimate.high * 100);
}

int digits_of(std::string_view metric) {
  return metric == "length" ? 0 : 2;
}

std::string arrow(const MetricInfo& metric) {
  return metric.better > 0 ? "↑" : metric.better < 0 ? "↓" : "";
}

Rows comparison_rows(const EvalReport& report, const std::function<std::string(const Estimate&, int)>& format) {
  if (report.arms.empty()) return {};
  Rows rows{{""}};
  for (const ArmReport& arm : report.arms) rows[0].push_back(arm.name);
  rows[0].push_back(tr("author"));
  for (const MetricInfo& metric : arm_metrics()) {
    if (!any_measured(report, metric.key)) continue;
    std::vector<std::string> row{metric.label + (metric.better == 0 ? "" : " " + arrow(metric))};
    for (const ArmReport& arm : report.arms) {
      const auto found = arm.metrics.find(metric.key);
      row.push_back(format(found == arm.metrics.end() ? Estimate{} : found->second, digits_of(metric.key)));
    }
    const auto author = report.author.find(metric.key);
    row.push_back(author == report.author.end() ? "" : format(author->second, digits_of(metric.key)));
    rows.push_back(std::move(row));
  }
  return rows;
}

Rows difference_rows(const EvalReport& report) {
  Rows rows;
  for (const MetricInfo& metric : arm_metrics()) {
    for (const auto& [key, estimate] : report.differences) {
      if (!estimate.measured() || !key.starts_with(metric.key + " ")) continue;
      std::string arms = key.substr(metric.key.size() + 1);
      if (const auto spaced = arms.find(" - "); spaced != std::string::npos) {
        arms.replace(spaced, 3, " − ");
      } else {
        arms.replace(arms.find('-'), 1, " − ");  // neither name holds one
      }
      rows.push_back({metric.label + " " + arrow(metric), std::move(arms),
                      with_interval(estimate, digits_of(metric.key)), fmt::format("{}", estimate.n)});
    }
  }
  return rows;
}

Rows retrieval_rows(const EvalReport& report) {
  Rows rows;
  for (const auto& [key, estimate] : report.retrieval) {
    rows.push_back({key, with_interval(estimate), fmt::format("{}", estimate.n)});
  }
  return rows;
}

Rows perplexity_rows(const EvalReport& report) {
  Rows rows;
  std::vector<std::string> keys = {"base", "tuned"};
  for (const ArmReport& arm : report.arms) keys.push_back(arm.name);
  std::set<std::string> seen;
  for (const std::string& key : keys) {
    const auto found = report.perplexity.find(key);
    if (found == report.perplexity.end() || !seen.insert(key).second) continue;
    rows.push_back({key, with_interval(found->second), fmt::format("{}", found->second.n)});
  }
  for (const auto& [key, estimate] : report.perplexity) {
    if (!key.starts_with("change")) continue;
    rows.push_back({tr("change") + key.substr(std::string_view("change").size()), percent_change(estimate),
                    fmt::format("{}", estimate.n)});
  }
  return rows;
}

std::string summary_line(const EvalReport& report) {
  std::set<std::string> documents;
  for (const Question& question : report.questions) documents.insert(question.document_id);
  return tr("{} questions from {} held-out documents; intervals: 95 %, bootstrap over documents",
            report.questions.size(), documents.size());
}

}  // namespace twin::evaluation
