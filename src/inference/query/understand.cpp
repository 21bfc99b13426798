#include "inference/query/understand.h"

#include <algorithm>
#include <set>

#include "core/i18n.h"
#include "core/text/language.h"
#include "core/text/unicode.h"
#include "inference/query/ask_model.h"
#include "inference/query/filters.h"
#include "inference/query/names.h"
#include "inference/rag/content_terms.h"

namespace twin::inference {
namespace {

/// A question with fewer content words than this leans on the one before it.
constexpr std::size_t min_own_terms = 3;
constexpr std::size_t max_question_bytes = 600;  // of a question that a model writes
constexpr std::size_t max_passage_bytes = 4000;  // of a hypothetical passage
constexpr std::size_t min_passage_bytes = 20;
constexpr std::size_t max_parts = 4;
constexpr std::size_t max_turns = 6;  // of the conversation that a rewriting sees

/// The questions of the user, newest first.
std::vector<std::string> questions_of(const std::vector<models::Message>& conversation, std::size_t limit) {
  std::vector<std::string> questions;
  for (auto it = conversation.rbegin(); it != conversation.rend() && questions.size() < limit; ++it) {
    if (it->role == "user") questions.emplace_back(text::trim(it->content));
  }
  return questions;
}

std::string transcript(const std::vector<models::Message>& conversation) {
  std::string out;
  const std::size_t begin = conversation.size() > max_turns ? conversation.size() - max_turns : 0;
  for (std::size_t i = begin; i + 1 < conversation.size(); ++i) {
    if (conversation[i].role == "system") continue;
    out += conversation[i].role + ": " + std::string(text::clip(conversation[i].content, max_question_bytes)) + "\n";
  }
  return std::string(text::trim(out));
}

std::set<std::string> terms_of(std::string_view utf8) {
  const auto terms = content_terms(utf8);
  return {terms.begin(), terms.end()};
}

/// Whether what a model wrote is about anything that was asked.
bool shares_terms(std::string_view written, const std::vector<models::Message>& conversation) {
  const auto terms = terms_of(written);
  return std::any_of(conversation.begin(), conversation.end(), [&](const models::Message& message) {
    const auto said = terms_of(message.content);
    return std::any_of(said.begin(), said.end(), [&](const std::string& term) { return terms.contains(term); });
  });
}

/// The steps; each changes the plan and says what it did.
class Understanding {
 public:
  Understanding(const std::vector<models::Message>& conversation, const QueryContext& context)
      : conversation_(conversation), context_(context) {}

  Result<QueryPlan> run() {
    const auto& config = context_.config;
    const auto questions = questions_of(conversation_, 1);
    plan_.question = questions.empty() ? std::string() : text::nfc(text::repair_utf8(questions.front()));
    if (plan_.question.empty()) return plan_;
    language_ = text::guess_language(plan_.question);
    if (config.rewrite == "join") plan_.question = text::nfc(text::repair_utf8(search_query(conversation_)));
    step(config.rewrite == "model", "rewrite", &Understanding::rewrite);
    step(config.filters != "off", "filters", &Understanding::filters);
    step(config.decompose, "decompose", &Understanding::decompose);
    plan_.wordings.insert(plan_.wordings.begin(), plan_.question);
    step(config.variants > 0, "variants", &Understanding::variants);
    step(config.translate, "translate", &Understanding::translate);
    step(config.hyde, "hyde", &Understanding::hyde);
    if (fatal_) return tl::unexpected(*fatal_);
    return std::move(plan_);
  }

 private:
  using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  void step(bool on, const std::string& name, void (Understanding::*what)(QueryStep&)) {
    if (!on || fatal_) return;
    QueryStep step{.name = name};
    const double start = system_clock().monotonic();
    (this->*what)(step);
    step.milliseconds = (system_clock().monotonic() - start) * 1000;
    plan_.steps.push_back(std::move(step));
  }

  /// The reply, or nullopt with the reason as the step's outcome. A prompt that cannot be read and a request that was
  /// withdrawn end it all.
  std::optional<std::string> reply(QueryStep& step, const std::string& prompt, Values values) {
    auto said = ask_model(context_, prompt, language_, values);
    if (said) return std::move(*said);
    step.outcome = said.error().text();
    const ErrorKind kind = said.error().kind;
    const bool prompt_file = context_.chat != nullptr && (kind == ErrorKind::not_found || kind == ErrorKind::invalid);
    if (kind == ErrorKind::cancelled || prompt_file) fatal_ = std::move(said.error());
    return std::nullopt;
  }

  void rewrite(QueryStep& step) {
    const std::string before = transcript(conversation_);
    if (before.empty()) {
      step.outcome = "not needed: nothing was said before";
      return;
    }
    const auto said = reply(step, "rewrite", {{"conversation", before}, {"question", plan_.question}});
    if (!said) return;
    auto lines = reply_lines(*said, max_question_bytes);
    if (lines.empty() || !shares_terms(lines.front(), conversation_)) {
      step.outcome = "of no use: the reply has nothing of the conversation";
      return;
    }
    plan_.question = lines.front();
    step.texts = {plan_.question};
    step.outcome = "used";
  }

  void filters(QueryStep& step) {
    FoundFilters found{.rest = plan_.question};
    if (context_.config.filters == "rules") {
      found = filters_by_rules(plan_.question, context_);
    } else {
      const std::string today = format_time(context_.now).substr(0, 10);
      const auto said =
          reply(step, "filters", {{"schema", filter_schema(context_)}, {"today", today}, {"question", plan_.question}});
      if (!said) return;
      auto read = filters_of_reply(plan_.question, *said, context_);
      if (!read) {
        step.outcome = "of no use: " + read.error().text();
        return;
      }
      found = std::move(*read);
    }
    plan_.filter = std::move(found.filter);
    plan_.question = std::move(found.rest);
    step.texts = std::move(found.found);
    step.outcome = plan_.filter.empty() ? "not needed" : "used";
  }

  void decompose(QueryStep& step) {
    const auto said = reply(step, "decompose", {{"question", plan_.question}});
    if (!said) return;
    auto lines = reply_lines(*said, max_question_bytes);
    std::erase_if(lines, [&](const std::string& line) { return !shares_terms(line, conversation_); });
    if (lines.size() > max_parts) lines.resize(max_parts);
    step.texts = lines;
    step.outcome = lines.size() > 1 ? "used" : "not needed: one question";
    if (lines.size() > 1) plan_.parts = std::move(lines);
  }

  /// Adds what is not there yet.
  void add_wording(QueryStep& step, const std::string& wording) {
    const std::string folded = text::fold(wording);
    const bool known = std::any_of(plan_.wordings.begin(), plan_.wordings.end(),
                                   [&](const std::string& each) { return text::fold(each) == folded; });
    if (known) return;
    plan_.wordings.push_back(wording);
    step.texts.push_back(wording);
  }

  void variants(QueryStep& step) {
    const std::string count = std::to_string(context_.config.variants);
    const auto said = reply(step, "variants", {{"count", count}, {"question", plan_.question}});
    if (!said) return;
    for (const std::string& line : reply_lines(*said, max_question_bytes)) {
      if (static_cast<int>(step.texts.size()) == context_.config.variants) break;
      add_wording(step, line);
    }
    step.outcome = step.texts.empty() ? "of no use: no other wording" : "used";
  }

  void translate(QueryStep& step) {
    const std::string own = text::identify_language(plan_.question).code;
    std::string refused;
    for (const std::string& language : context_.facets.languages) {
      if (language.empty() || language == own) continue;
      const std::string name = language_name(language);
      const auto said = reply(step, "translate", {{"language", name}, {"question", plan_.question}});
      if (!said) return;
      const auto lines = reply_lines(*said, max_question_bytes);
      const bool right = !lines.empty() && text::identify_language(lines.front()).code == language;
      if (right)
        add_wording(step, lines.front());
      else
        refused += " " + language;
    }
    step.outcome = !refused.empty()     ? "of no use: the reply is not in" + refused
                   : step.texts.empty() ? "not needed: the corpus is in the language of the question"
                                        : "used";
  }

  void hyde(QueryStep& step) {
    auto said = reply(step, "hyde", {{"question", plan_.question}});
    if (!said) return;
    if (said->size() < min_passage_bytes || terms_of(*said).empty()) {
      step.outcome = "of no use: the reply says nothing";
      return;
    }
    plan_.passages.emplace_back(text::clip(*said, max_passage_bytes));
    step.texts = plan_.passages;
    step.outcome = "used";
  }

  const std::vector<models::Message>& conversation_;
  const QueryContext& context_;
  QueryPlan plan_;
  std::string language_;
  std::optional<Error> fatal_;
};

}  // namespace

std::string search_query(const std::vector<models::Message>& conversation) {
  const auto questions = questions_of(conversation, 2);
  if (questions.empty()) return {};
  if (questions.size() < 2 || content_terms(questions[0]).size() >= min_own_terms) return questions[0];
  return questions[1] + "\n" + questions[0];
}

Result<QueryPlan> understand(const std::vector<models::Message>& conversation, const QueryContext& context) {
  return Understanding(conversation, context).run();
}

}  // namespace twin::inference
