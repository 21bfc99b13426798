#include "cli/answer_text.h"

#include <fmt/format.h>

#include "core/i18n.h"

namespace twin::cli {

std::string citation_list(const inference::Answer& answer) {
  std::string text;
  for (const inference::Citation& citation : answer.citations) {
    text += fmt::format("  [{}] {}  {}\n", citation.n, citation.title, citation.url);
  }
  return text;
}

std::string coverage_note(const inference::Answer& answer) {
  if (answer.declined || !answer.coverage || answer.coverage->covered) return {};
  return tr("The writing may not cover this question: the nearest passages are hardly about it.") + "\n";
}

std::string prompt_text(const inference::Answer& answer) {
  std::string text;
  for (const auto& message : answer.prompt) text += fmt::format("--- {} ---\n{}\n\n", message.role, message.content);
  return text + tr("{} passages, found in {:.0f} ms", answer.passages.size(), answer.retrieve_ms);
}

std::string answer_text(const inference::Answer& answer) {
  std::string text = answer.text + "\n";
  const std::string sources = citation_list(answer);
  if (const std::string note = coverage_note(answer); !note.empty()) text += "\n" + note;
  if (!sources.empty()) {
    text += "\n" + sources;
  } else if (!answer.declined) {
    text += "\n" + tr("No source supports this answer.") + "\n";
  }
  text +=
      "\n" + tr("{}: found in {:.0f} ms, first token after {:.0f} ms, {} tokens in {:.1f} s", answer.model,
                answer.retrieve_ms, answer.first_token_ms, answer.usage.completion_tokens, answer.total_ms / 1000.0);
  return text;
}

}  // namespace twin::cli
