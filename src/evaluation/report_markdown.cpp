#include <fmt/core.h>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/preference/preference_report.h"
#include "evaluation/report_text.h"

namespace twin::evaluation {

namespace {

/// Foreign text inside Markdown: nothing of it may become markup, an HTML tag or the end of a table cell.
std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : text::repair_utf8(text)) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '\n' || c == '\r') {
      out += ' ';
    } else {
      if (std::string_view("\\`*_{}[]|#>~!").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string block_quote(std::string_view text) {
  std::string out;
  for (const std::string_view line : text::split(text, '\n')) out += "> " + markdown_escaped(line) + "\n";
  return out;
}

std::string table(const Rows& rows) {
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out += "|";
    for (const std::string& cell : rows[r]) out += " " + markdown_escaped(cell) + " |";
    out += "\n";
    if (r > 0) continue;
    out += "|";
    for (std::size_t i = 0; i < rows[0].size(); ++i) out += i == 0 ? " --- |" : " ---: |";
    out += "\n";
  }
  return out;
}

std::string titled_table(const std::string& title, std::vector<std::string> head, Rows rows) {
  if (rows.empty()) return {};
  rows.insert(rows.begin(), std::move(head));
  return fmt::format("\n## {}\n\n{}", title, table(rows));
}

std::string markdown_errors(const std::string& title, const std::vector<Error>& list) {
  if (list.empty()) return {};
  std::string out = fmt::format("\n## {} ({})\n\n", title, list.size());
  for (const Error& error : list) out += "- " + markdown_escaped(error.text()) + "\n";
  return out;
}

std::string markdown_questions(const EvalReport& report) {
  std::string out;
  if (!report.questions.empty()) out += fmt::format("\n## {}\n", tr("Questions and answers"));
  for (std::size_t q = 0; q < report.questions.size(); ++q) {
    const Question& question = report.questions[q];
    out += fmt::format("\n### {}. {}\n\n**{}** ({}, {}–{})\n\n{}", q + 1, markdown_escaped(question.question),
                       tr("author"), markdown_escaped(question.document_id), question.start, question.end,
                       block_quote(question.reference));
    for (const ArmReport& arm : report.arms) {
      const ArmAnswer& answer = arm.answers[q];
      out += fmt::format("\n**{}**\n\n{}", arm.name,
                         answer.failure.empty() ? block_quote(answer.text)
                                                : tr("Failed: {}", markdown_escaped(answer.failure)) + "\n");
    }
    for (const std::string& verdicts : preference_verdicts(report, q)) out += "\n" + markdown_escaped(verdicts) + "\n";
  }
  return out;
}

}  // namespace

std::string to_markdown(const EvalReport& report) {
  std::string out = fmt::format("# {}\n\n{}\n", tr("Evaluation of the twin"), summary_line(report));
  Rows comparison = comparison_rows(report, with_interval);
  if (!comparison.empty()) out += fmt::format("\n## {}\n\n{}", tr("Base against twin"), table(comparison));
  out += "\n";
  for (const MetricInfo& metric : arm_metrics()) out += fmt::format("- **{}**: {}\n", metric.label, metric.meaning);
  out += titled_table(tr("Paired differences"), {tr("measure"), tr("arms"), tr("difference"), "n"},
                      difference_rows(report));
  out += titled_table(tr("Which answer is preferred, judged blind"), preference_head(), preference_rows(report));
  for (const std::string& remark : preference_remarks(report)) out += "\n" + markdown_escaped(remark) + "\n";
  out += titled_table(tr("Perplexity of held-out text of the author"), {tr("model"), tr("perplexity"), "n"},
                      perplexity_rows(report));
  out += titled_table(tr("Retrieval"), {tr("measure"), tr("value"), "n"}, retrieval_rows(report));
  Rows lineage;
  for (const auto& [key, value] : report.lineage) lineage.push_back({key, value});
  out += titled_table(tr("What was evaluated"), {tr("part"), tr("identity")}, std::move(lineage));
  out += markdown_errors(tr("Failed"), report.failures);
  out += markdown_errors(tr("Not measured"), report.notes);
  return out + markdown_questions(report);
}

}  // namespace twin::evaluation
