#include <fmt/core.h>

#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/preference/preference_report.h"
#include "evaluation/report_text.h"

namespace twin::evaluation {

namespace {

constexpr std::size_t kFailuresShown = 5;

/// Columns as wide as their widest cell; the first is aligned left, the others right.
std::string aligned(const Rows& rows) {
  std::vector<int> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text::columns(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(static_cast<std::size_t>(widths[i] - text::columns(row[i])), ' ');
      line += (i == 0 ? "  " : "   ") + (i == 0 ? row[i] + blanks : blanks + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string list_errors(const std::string& title, const std::vector<Error>& errors) {
  if (errors.empty()) return {};
  std::string out = fmt::format("\n{}: {}\n", title, errors.size());
  for (std::size_t i = 0; i < std::min(kFailuresShown, errors.size()); ++i) out += "  " + errors[i].text() + "\n";
  if (errors.size() > kFailuresShown)
    out += "  " + tr("… and {} more in the report", errors.size() - kFailuresShown) + "\n";
  return out;
}

}  // namespace

std::string to_table(const EvalReport& report) {
  std::string out = summary_line(report) + "\n";
  if (!report.arms.empty()) out += "\n" + aligned(comparison_rows(report, with_margin));
  if (!report.preferences.empty()) {
    Rows rows = preference_rows(report);
    rows.insert(rows.begin(), preference_head());
    out += fmt::format("\n{}\n{}", tr("Which answer is preferred, judged blind"), aligned(rows));
    for (const std::string& remark : preference_remarks(report)) out += "  " + remark + "\n";
  }
  if (!report.perplexity.empty()) {
    out += fmt::format("\n{}\n{}", tr("Perplexity of held-out text of the author"), aligned(perplexity_rows(report)));
  }
  if (!report.retrieval.empty()) out += fmt::format("\n{}\n{}", tr("Retrieval"), aligned(retrieval_rows(report)));
  out += list_errors(tr("Failed"), report.failures);
  return out;
}

}  // namespace twin::evaluation
