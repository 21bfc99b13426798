#include <fmt/core.h>

#include <algorithm>

#include "core/i18n.h"
#include "core/text/html.h"
#include "core/text/html_page.h"
#include "core/text/unicode.h"
#include "evaluation/preference/preference_report.h"
#include "evaluation/report_text.h"

namespace twin::evaluation {

namespace {

using text::html_escaped;

constexpr std::string_view kStyle = R"(
:root { --soft: #8882; }
th:first-child, td:first-child { text-align: left; }
blockquote { margin: .3rem 0 .8rem; padding: .3rem .8rem; border-left: 3px solid var(--line); white-space: pre-wrap; }
blockquote.author { border-color: var(--accent); }
details { margin: .5rem 0; padding: .4rem .8rem; background: var(--soft); border-radius: .4rem; }
summary { cursor: pointer; font-weight: 600; }
svg { vertical-align: middle; }
)";

std::string row(const std::vector<std::string>& cells, std::string_view tag) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += fmt::format("<{0}>{1}</{0}>", tag, html_escaped(cell));
  return out + "</tr>\n";
}

std::string table(const std::string& title, const std::vector<std::string>& head, const Rows& rows) {
  if (rows.empty()) return {};
  std::string out = fmt::format("<h2>{}</h2>\n<div class=\"scroll\"><table>\n<thead>{}</thead>\n<tbody>\n",
                                html_escaped(title), row(head, "th"));
  for (const auto& cells : rows) out += row(cells, "td");
  return out + "</tbody></table></div>\n";
}

std::string html_errors(const std::string& title, const std::vector<Error>& list) {
  if (list.empty()) return {};
  std::string out = fmt::format("<h2 class=\"failed\">{} ({})</h2>\n<ul>\n", html_escaped(title), list.size());
  for (const Error& error : list) out += fmt::format("<li>{}</li>\n", html_escaped(error.text()));
  return out + "</ul>\n";
}

/// Dot and whiskers of each arm on one scale: what the numbers say at a glance.
std::string interval_plot(const EvalReport& report, const MetricInfo& metric) {
  constexpr double kWidth = 260, kRow = 18, kMargin = 8;
  double low = 0, high = 0;
  bool first = true;
  for (const ArmReport& arm : report.arms) {
    const auto found = arm.metrics.find(metric.key);
    if (found == arm.metrics.end() || !found->second.measured()) return {};
    low = first ? found->second.low : std::min(low, found->second.low);
    high = first ? found->second.high : std::max(high, found->second.high);
    first = false;
  }
  if (first || high <= low) return {};
  const auto x = [&](double value) { return kMargin + (value - low) / (high - low) * (kWidth - 2 * kMargin); };
  const double height = kRow * static_cast<double>(report.arms.size());
  std::string out = fmt::format(
      "<h3>{} {}</h3>\n<p>{}</p>\n<svg width=\"420\" height=\"{:.0f}\" role=\"img\" aria-label=\"{}\">\n",
      html_escaped(metric.label), arrow(metric), html_escaped(metric.meaning), height, html_escaped(metric.label));
  double y = kRow / 2;
  for (const ArmReport& arm : report.arms) {
    const Estimate& estimate = arm.metrics.at(metric.key);
    out += fmt::format(
        "<line x1=\"0\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"currentColor\" opacity=\".15\"/>"
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"var(--accent)\" stroke-width=\"2\"/>"
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"var(--accent)\"/>"
        "<text x=\"{:.0f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"currentColor\">{} {}</text>\n",
        kWidth, y, y, x(estimate.low), x(estimate.high), y, y, x(estimate.mean), y, kWidth + 8, y + 4,
        html_escaped(arm.name), html_escaped(with_margin(estimate, digits_of(metric.key))));
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string html_questions(const EvalReport& report) {
  std::string out;
  if (!report.questions.empty()) out += fmt::format("<h2>{}</h2>\n", html_escaped(tr("Questions and answers")));
  for (std::size_t q = 0; q < report.questions.size(); ++q) {
    const Question& question = report.questions[q];
    out += fmt::format(
        "<details><summary>{}. {}</summary>\n<p><b>{}</b> ({}, {}–{})</p><blockquote "
        "class=\"author\">{}</blockquote>\n",
        q + 1, html_escaped(question.question), html_escaped(tr("author")), html_escaped(question.document_id),
        question.start, question.end, html_escaped(question.reference));
    for (const ArmReport& arm : report.arms) {
      const ArmAnswer& answer = arm.answers[q];
      out += answer.failure.empty() ? fmt::format("<p><b>{}</b></p><blockquote>{}</blockquote>\n",
                                                  html_escaped(arm.name), html_escaped(answer.text))
                                    : fmt::format("<p class=\"failed\"><b>{}</b>: {}</p>\n", html_escaped(arm.name),
                                                  html_escaped(answer.failure));
    }
    for (const std::string& verdicts : preference_verdicts(report, q)) {
      out += fmt::format("<p>{}</p>\n", html_escaped(verdicts));
    }
    out += "</details>\n";
  }
  return out;
}

}  // namespace

std::string to_html(const EvalReport& report) {
  std::string out = text::report_page_start(tr("Evaluation of the twin"), kStyle) +
                    fmt::format("<p>{}</p>\n", html_escaped(summary_line(report)));
  Rows comparison = comparison_rows(report, with_interval);
  if (!comparison.empty()) {
    const auto head = comparison.front();
    comparison.erase(comparison.begin());
    out += table(tr("Base against twin"), head, comparison);
    for (const MetricInfo& metric : arm_metrics()) out += interval_plot(report, metric);
  }
  out += table(tr("Paired differences"), {tr("measure"), tr("arms"), tr("difference"), "n"}, difference_rows(report));
  out += table(tr("Which answer is preferred, judged blind"), preference_head(), preference_rows(report));
  for (const std::string& remark : preference_remarks(report)) out += fmt::format("<p>{}</p>\n", html_escaped(remark));
  out += table(tr("Perplexity of held-out text of the author"), {tr("model"), tr("perplexity"), "n"},
               perplexity_rows(report));
  out += table(tr("Retrieval"), {tr("measure"), tr("value"), "n"}, retrieval_rows(report));
  Rows lineage;
  for (const auto& [key, value] : report.lineage) lineage.push_back({key, value});
  out += table(tr("What was evaluated"), {tr("part"), tr("identity")}, lineage);
  out += html_errors(tr("Failed"), report.failures) + html_errors(tr("Not measured"), report.notes) +
         html_questions(report);
  out += text::html_page_end();
  return out;
}

}  // namespace twin::evaluation
