#include "evaluation/retrieval_sets/paraphrase.h"

#include <algorithm>
#include <set>

#include "core/files.h"
#include "core/process.h"
#include "core/text/unicode.h"
#include "evaluation/words.h"
#include "models/prompts/prompts.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t fewest_words = 3, most_words = 40;  // of a question
constexpr std::size_t longest_passage = 2'000;            // bytes shown to the model
constexpr double temperature = 0.7;                       // another attempt is another text

Result<std::string> paraphrase_prompt(const std::string& language) {
  const auto path = find_data("prompts/paraphrase." + language + ".txt");
  if (!path) return tl::unexpected(path.error());
  return disk().read(*path);
}

/// Without the ornaments that models put around a line.
std::string_view first_line(std::string_view answer) {
  answer = text::trim(answer);
  std::string_view line = text::trim(answer.substr(0, answer.find('\n')));
  for (const std::string_view mark : {"\"", "“", "”", "'", "*", "-", "Q:", "Question:", "질문:"}) {
    if (line.starts_with(mark)) line = text::trim(line.substr(mark.size()));
    if (line.ends_with(mark)) line = text::trim(line.substr(0, line.size() - mark.size()));
  }
  return line;
}

/// What speaks against a question, or nothing.
std::string refused(std::string_view question, std::string_view passage, const ParaphraseRules& rules) {
  const std::size_t count = words(question).size();
  if (count < fewest_words || count > most_words) return "length";
  if (!question.ends_with('?') && text::guess_language(question) == "en") return "no question";
  if (text::guess_language(question) != text::guess_language(passage)) return "language";
  if (word_overlap(question, passage) > rules.max_overlap) return "words of the passage";
  return {};
}

}  // namespace

double word_overlap(std::string_view question, std::string_view passage) {
  const auto asked = content_units(question);
  if (asked.empty()) return 1;
  const auto said = content_units(passage);
  const std::set<std::string> known(said.begin(), said.end());
  const auto shared =
      std::count_if(asked.begin(), asked.end(), [&](const std::string& unit) { return known.contains(unit); });
  return static_cast<double>(shared) / static_cast<double>(asked.size());
}

Result<Paraphrase> paraphrase(models::ChatEngine& chat, std::string_view passage, const ParaphraseRules& rules,
                              std::int64_t seed, const std::stop_token& stop) {
  const auto prompt = paraphrase_prompt(text::guess_language(passage));
  if (!prompt) return tl::unexpected(prompt.error());
  models::ChatRequest request;
  request.messages = {{"user", models::fill(text::trim(*prompt), {{"text", text::clip(passage, longest_passage)}})}};
  request.max_tokens = rules.max_tokens;
  request.temperature = temperature;
  request.reuse_prefix = false;
  request.cancel = stop;
  Paraphrase result;
  for (int attempt = 0; attempt < rules.attempts; ++attempt) {
    request.seed = seed + attempt;
    const auto answer = chat.chat(request);
    if (!answer) return tl::unexpected(answer.error());
    const std::string repaired = text::repair_utf8(answer->text);
    const std::string_view question = first_line(repaired);
    result.refused = refused(question, passage, rules);
    if (result.refused.empty()) {
      result.question = question;
      break;
    }
  }
  return result;
}

}  // namespace twin::evaluation
