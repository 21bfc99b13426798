#include "cli/commands/train_answers.h"

#include <fmt/format.h>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::cli {
namespace {

constexpr int answer_columns = 160;

}  // namespace

std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  const std::string clipped = text::clip_columns(line, answer_columns);
  return clipped.size() < line.size() ? clipped + "…" : line;
}

std::string said_line(const std::string& who, const std::string& text) {
  return fmt::format("  {:<10} {}", who, on_one_line(text));
}

std::string answer_line(std::int64_t step, const std::string& answer, bool ended) {
  return said_line(tr("step {}", step), answer + (ended ? "" : " …"));
}

}  // namespace twin::cli
