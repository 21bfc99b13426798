// The prompt: system prompt, earlier turns, then the numbered passages with the question.
#include <algorithm>

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

/// Tokens of a rendered passage with what parts it from the next.
Result<std::vector<int>> count_rendered(models::Tokenizer& tokenizer, std::vector<std::string> rendered) {
  for (std::string& text : rendered) text += "\n\n";
  return tokenizer.count_tokens(rendered, false);
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

/// Fills `kept` with the passages that fit and returns their rendered texts.
Result<std::vector<std::string>> render_passages(const Prompts& prompts, const std::vector<Passage>& passages,
                                                 int budget, models::Tokenizer& tokenizer, std::vector<Passage>& kept) {
  std::vector<std::string> all;
  for (const Passage& passage : passages) {
    all.push_back(render_passage(prompts, passage, all.size() + 1, passage.text));
  }
  auto counts = count_rendered(tokenizer, all);
  if (!counts) return tl::unexpected(counts.error());
  for (const Passage& passage : passages) {
    const std::size_t n = kept.size();
    int& tokens = (*counts)[n];
    Passage fitting = passage;
    if (auto found = tokens > budget ? without_parent(passage) : std::nullopt) {
      fitting = std::move(*found);
      all[n] = render_passage(prompts, fitting, n + 1, fitting.text);
      const auto count = count_rendered(tokenizer, {all[n]});
      if (!count) return tl::unexpected(count.error());
      tokens = count->front();
    }
    if (tokens > budget) {
      if (n > 0) break;
      auto cut = fit_first(prompts, fitting, budget, tokenizer);
      if (!cut) return tl::unexpected(cut.error());
      if (cut->empty()) break;
      all[n] = std::move(*cut);
      tokens = budget;
    }
    budget -= tokens;
    kept.push_back(std::move(fitting));
  }
  all.resize(kept.size());
  return all;
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

/// The earlier turns that fit, oldest first, beginning with a question. Marks of earlier answers are removed: their
/// numbers meant other passages.
Result<std::vector<Message>> history(const std::vector<Message>& conversation, int budget,
                                     models::Tokenizer& tokenizer) {
  std::vector<Message> turns;  // newest first
  std::vector<std::string> contents;
  for (auto it = conversation.rbegin() + 1; it != conversation.rend(); ++it) {
    if (it->role == "system") continue;
    turns.push_back({it->role, it->role == "assistant" ? take_marks(it->content).text : it->content});
    contents.push_back(turns.back().content);
  }
  const auto counts = tokenizer.count_tokens(contents, false);
  if (!counts) return tl::unexpected(counts.error());
  std::size_t fitting = 0;
  while (fitting < turns.size() && (budget -= (*counts)[fitting]) >= 0) ++fitting;
  turns.resize(fitting);
  while (!turns.empty() && turns.back().role != "user") turns.pop_back();
  std::reverse(turns.begin(), turns.end());
  return turns;
}

}  // namespace

Result<Assembled> assemble(const std::vector<Message>& conversation, const std::vector<Passage>& passages,
                           const RetrievalConfig& config, models::Tokenizer& tokenizer) {
  if (conversation.empty() || conversation.back().role != "user") {
    return fail(ErrorKind::usage, tr("The last message must be the user's"), "messages");
  }
  const auto prompts = models::load_prompts();
  if (!prompts) return tl::unexpected(prompts.error());
  Assembled assembled;
  assembled.messages.push_back({"system", system_text(*prompts, conversation)});
  auto turns = history(conversation, config.history_tokens, tokenizer);
  if (!turns) return tl::unexpected(turns.error());
  for (Message& turn : *turns) assembled.messages.push_back(std::move(turn));

  const std::string question(text::trim(conversation.back().content));
  auto context = render_passages(*prompts, passages, config.context_tokens, tokenizer, assembled.passages);
  if (!context) return tl::unexpected(context.error());
  const bool bare = assembled.passages.empty();
  assembled.messages.push_back({"user", bare ? question : models::render_question(*prompts, *context, question)});
  return assembled;
}

}  // namespace twin::inference
