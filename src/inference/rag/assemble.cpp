// The prompt: system prompt, earlier turns, then the numbered passages with the question.
#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>

#include "core/i18n.h"
#include "core/text/sentences.h"
#include "core/text/unicode.h"
#include "inference/rag/marks.h"
#include "inference/rag/rag.h"
#include "models/prompts/prompts.h"

namespace twin::inference {
namespace {

using models::Message;
using models::Prompts;

Result<int> count_tokens(models::Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.tokenize(text, false);
  if (!ids) return tl::unexpected(ids.error());
  return static_cast<int>(ids->size());
}

std::string render_passage(const Prompts& prompts, const Passage& passage, std::size_t n, std::string_view text) {
  return models::render_passage(prompts, n, passage.title, passage.heading, text);
}

/// The first passage, cut behind the last sentence that fits; empty when not one does.
Result<std::string> fit_first(const Prompts& prompts, Passage& passage, int budget, models::Tokenizer& tokenizer) {
  const auto spans = text::sentences(passage.text);
  std::string fitting;
  std::size_t end = 0;
  std::size_t low = 0, high = spans.size();
  while (low < high) {  // the most sentences that fit, by bisection
    const std::size_t middle = (low + high + 1) / 2;
    const std::size_t stop = spans[middle - 1].end;
    std::string rendered = render_passage(prompts, passage, 1, std::string_view(passage.text).substr(0, stop));
    const auto tokens = count_tokens(tokenizer, rendered);
    if (!tokens) return tl::unexpected(tokens.error());
    if (*tokens <= budget) {
      low = middle;
      fitting = std::move(rendered);
      end = stop;
    } else {
      high = middle - 1;
    }
  }
  passage.text.resize(end);
  passage.end = passage.start + end;
  return fitting;
}

/// What parts a passage from the next, and counts as its own.
constexpr const char* separator = "\n\n";

/// The passages that fit, as they are shown and as they are cited.
struct Context {
  std::vector<std::string> rendered;
  std::vector<Passage> passages;
  int tokens = 0;
};

/// `rendered`: all passages; `counts`: their tokens.
Result<Context> fit_passages(const Prompts& prompts, const std::vector<Passage>& passages,
                             std::vector<std::string> rendered, std::span<const int> counts, int budget,
                             models::Tokenizer& tokenizer) {
  Context context;
  for (std::size_t n = 0; n < passages.size(); ++n) {
    Passage fitting = passages[n];
    const int left = budget - context.tokens;
    int tokens = counts[n];
    if (auto found = tokens > left ? without_parent(fitting) : std::nullopt) {
      fitting = std::move(*found);
      rendered[n] = render_passage(prompts, fitting, n + 1, fitting.text);
      const auto count = count_tokens(tokenizer, rendered[n] + separator);
      if (!count) return tl::unexpected(count.error());
      tokens = *count;
    }
    if (tokens > left) {
      if (n > 0) break;
      auto cut = fit_first(prompts, fitting, budget, tokenizer);
      if (!cut) return tl::unexpected(cut.error());
      if (cut->empty()) break;
      rendered[n] = std::move(*cut);
      tokens = budget;
    }
    context.tokens += tokens;
    context.rendered.push_back(std::move(rendered[n]));
    context.passages.push_back(std::move(fitting));
  }
  return context;
}

/// What the caller's own system messages add to ours.
std::string system_text(const Prompts& prompts, const std::vector<Message>& conversation) {
  std::string system = prompts.system;
  for (const Message& message : conversation) {
    const auto content = text::trim(message.content);
    if (message.role == "system" && !content.empty()) system.append("\n\n").append(content);
  }
  return system;
}

/// The earlier turns, newest first. Marks of earlier answers are removed: their numbers meant other passages.
std::vector<Message> earlier_turns(const std::vector<Message>& conversation) {
  std::vector<Message> turns;
  for (auto it = conversation.rbegin() + 1; it != conversation.rend(); ++it) {
    if (it->role == "system") continue;
    turns.push_back({it->role, it->role == "assistant" ? take_marks(it->content).text : it->content});
  }
  return turns;
}

/// How many of the turns, newest first, fit and end with a question, so that the history begins with one.
std::size_t fitting_turns(const std::vector<Message>& turns, std::span<const int> counts, int budget) {
  std::size_t fitting = 0;
  while (fitting < turns.size() && (budget -= counts[fitting]) >= 0) ++fitting;
  while (fitting > 0 && turns[fitting - 1].role != "user") --fitting;
  return fitting;
}

}  // namespace

Result<Assembled> assemble(const std::vector<Message>& conversation, const std::vector<Passage>& passages,
                           const RetrievalConfig& config, models::Tokenizer& tokenizer) {
  if (conversation.empty() || conversation.back().role != "user") {
    return fail(ErrorKind::usage, tr("The last message must be the user's"), "messages");
  }
  const auto prompts = models::load_prompts();
  if (!prompts) return tl::unexpected(prompts.error());
  std::string system = system_text(*prompts, conversation);
  std::string question(text::trim(conversation.back().content));
  std::vector<Message> turns = earlier_turns(conversation);
  std::vector<std::string> rendered;
  for (const Passage& passage : passages) {
    rendered.push_back(render_passage(*prompts, passage, rendered.size() + 1, passage.text));
  }

  std::vector<std::string> parts{system, models::render_question(*prompts, {}, question)};
  for (const Message& turn : turns) parts.push_back(turn.content);
  for (const std::string& text : rendered) parts.push_back(text + separator);
  const auto counted = tokenizer.count_tokens(parts, false);
  if (!counted) return tl::unexpected(counted.error());
  const std::span<const int> counts(*counted);
  const auto of_turns = counts.subspan(2, turns.size());
  const auto of_passages = counts.subspan(2 + turns.size());

  const std::size_t kept = fitting_turns(turns, of_turns, config.history_tokens);
  auto context = fit_passages(*prompts, passages, std::move(rendered), of_passages, config.context_tokens, tokenizer);
  if (!context) return tl::unexpected(context.error());
  Assembled assembled;
  assembled.tokens =
      std::accumulate(counts.begin(), counts.begin() + 2 + static_cast<std::ptrdiff_t>(kept), 0) + context->tokens;
  assembled.messages.push_back({"system", std::move(system)});
  std::move(turns.rend() - static_cast<std::ptrdiff_t>(kept), turns.rend(), std::back_inserter(assembled.messages));
  if (!context->passages.empty()) question = models::render_question(*prompts, context->rendered, question);
  assembled.messages.push_back({"user", std::move(question)});
  assembled.passages = std::move(context->passages);
  return assembled;
}

}  // namespace twin::inference
