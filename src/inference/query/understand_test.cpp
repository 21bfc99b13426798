#include "inference/query/understand.h"

#include <doctest/doctest.h>

#include <map>

#include "inference/query/ask_model.h"

namespace twin::inference {
namespace {

using Strings = std::vector<std::string>;

/// Replies by what the prompt holds; remembers the prompts.
class Replies final : public models::ChatEngine {
 public:
  std::map<std::string, std::string> by_mark;
  Strings prompts;
  std::optional<Error> error;

  Result<models::ChatResult> chat(const models::ChatRequest& request,
                                  const std::function<bool(std::string_view)>&) override {
    prompts.push_back(request.messages.back().content);
    CHECK_FALSE(request.adapter);
    CHECK(request.temperature == 0);
    if (error) return tl::unexpected(*error);
    models::ChatResult result;
    for (const auto& [mark, text] : by_mark) {
      if (prompts.back().find(mark) != std::string::npos) result.text = text;
    }
    return result;
  }
  int context_tokens() const override { return 4096; }
};

struct Fixture {
  QueryConfig config;
  Replies chat;
  stores::IndexFacets facets{.categories = {}, .sources = {}, .author_ids = {"jane"}, .languages = {"en", "ko"}};
  std::vector<stores::User> users = {{"jane", "Jane Doe", {}}};
  std::vector<models::Message> conversation = {{"user", "How long should sourdough rest?"},
                                               {"assistant", "Eight hours."},
                                               {"user", "And why so long in winter mornings?"}};
  bool has_chat = true;
  std::stop_source cancel;

  Result<QueryPlan> run() {
    return understand(conversation, {.config = config,
                                     .chat = has_chat ? &chat : nullptr,
                                     .facets = facets,
                                     .users = users,
                                     .now = 1'795'000'000'000,
                                     .cancel = cancel.get_token()});
  }
};

}  // namespace

TEST_CASE("what is searched for: the last question, with the one before when it cannot stand alone") {
  using models::Message;
  CHECK(search_query({}).empty());
  CHECK(search_query({{"system", "x"}}).empty());
  CHECK(search_query({{"user", " How is a kernel compiled? "}}) == "How is a kernel compiled?");
  const std::vector<Message> follow_up = {
      {"user", "How is a kernel compiled?"}, {"assistant", "So."}, {"user", "And why?"}};
  CHECK(search_query(follow_up) == "How is a kernel compiled?\nAnd why?");
  const std::vector<Message> fresh = {
      {"user", "How is a kernel compiled?"}, {"assistant", "So."}, {"user", "How do I remove installed packages?"}};
  CHECK(search_query(fresh) == "How do I remove installed packages?");
}

TEST_CASE("understand: without a step that asks, a question is itself, joined with the one before when it is short") {
  Fixture f;
  auto plan = f.run().value();
  CHECK(plan.question == "And why so long in winter mornings?");
  CHECK(plan.wordings == Strings{plan.question});
  CHECK(plan.steps.empty());
  f.conversation.back().content = "And in winter?";
  CHECK(f.run().value().question == "How long should sourdough rest?\nAnd in winter?");
  f.config.rewrite = "off";
  CHECK(f.run().value().question == "And in winter?");
  CHECK(f.chat.prompts.empty());
  f.conversation.clear();
  CHECK(f.run().value().wordings.empty());
}

TEST_CASE("understand: rewriting sees the conversation, and is refused when it is about something else") {
  Fixture f;
  f.config.rewrite = "model";
  f.chat.by_mark["A conversation"] = "\"Why should sourdough rest so long in winter?\"\n";
  auto plan = f.run().value();
  CHECK(plan.question == "Why should sourdough rest so long in winter?");
  REQUIRE(plan.steps.size() == 1);
  CHECK(plan.steps[0].name == "rewrite");
  CHECK(plan.steps[0].outcome == "used");
  CHECK(f.chat.prompts[0].find("assistant: Eight hours.") != std::string::npos);
  f.chat.by_mark["A conversation"] = "I am a helpful assistant.";
  plan = f.run().value();
  CHECK(plan.question == "And why so long in winter mornings?");
  CHECK(plan.steps[0].outcome.starts_with("of no use"));
  f.conversation.erase(f.conversation.begin(), f.conversation.begin() + 2);
  CHECK(f.run().value().steps[0].outcome.starts_with("not needed"));
}

TEST_CASE("understand: other wordings, a passage, parts, another language; all of it in the plan and its steps") {
  Fixture f;
  f.conversation = {{"user", "Where do rye bread and wheat bread differ, and which keeps longer?"}};
  f.config.variants = 2;
  f.config.hyde = f.config.decompose = f.config.translate = true;
  f.chat.by_mark["other ways to ask"] =
      "1. What sets rye loaves apart from wheat?\n2) what sets rye loaves apart from wheat?\n- Rye or wheat?\n* A "
      "third";
  f.chat.by_mark["short passage"] = "Rye bread keeps for a week, wheat bread for two days.";
  f.chat.by_mark["Split the question"] =
      "Where do rye bread and wheat bread differ?\nWhich bread keeps longer?\nHello!";
  f.chat.by_mark["Translate the question into Korean"] = "호밀빵과 밀빵은 어떻게 다르고 어느 것이 오래가나요?";
  const auto plan = f.run().value();
  CHECK(plan.wordings == Strings{"Where do rye bread and wheat bread differ, and which keeps longer?",
                                 "What sets rye loaves apart from wheat?", "Rye or wheat?",
                                 "호밀빵과 밀빵은 어떻게 다르고 어느 것이 오래가나요?"});
  CHECK(plan.parts == Strings{"Where do rye bread and wheat bread differ?", "Which bread keeps longer?"});
  CHECK(plan.passages == Strings{"Rye bread keeps for a week, wheat bread for two days."});
  REQUIRE(plan.steps.size() == 4);
  for (const QueryStep& step : plan.steps) CHECK_MESSAGE(step.outcome == "used", step.name);
}

TEST_CASE("understand: Korean questions are asked about in Korean") {
  Fixture f;
  f.conversation = {{"user", "호밀빵은 왜 오래 가나요?"}};
  f.config.variants = 1;
  f.chat.by_mark["표현은 다르게 1가지로"] = "호밀로 만든 빵이 잘 상하지 않는 이유는?";
  CHECK(f.run().value().wordings.back() == "호밀로 만든 빵이 잘 상하지 않는 이유는?");
}

TEST_CASE("understand: replies of no use leave the question as it is, and say why") {
  Fixture f;
  f.conversation = {{"user", "What did Jane Doe write about rye?"}};
  f.config = {
      .rewrite = "model", .variants = 2, .hyde = true, .decompose = true, .translate = true, .filters = "model"};
  auto plan = f.run().value();  // every reply is empty
  CHECK(plan.question == "What did Jane Doe write about rye?");
  CHECK(plan.wordings == Strings{plan.question});
  CHECK(plan.parts.empty());
  CHECK(plan.passages.empty());
  CHECK(plan.filter.empty());
  CHECK(plan.steps.size() == 6);
  for (const QueryStep& step : plan.steps) CHECK_MESSAGE(step.outcome != "used", step.name);

  f.chat.error = Error{ErrorKind::network, "the chat worker restarts", {}, {}};
  plan = f.run().value();
  CHECK(plan.wordings == Strings{plan.question});
  CHECK(plan.steps[1].outcome.find("the chat worker restarts") != std::string::npos);

  f.has_chat = false;
  plan = f.run().value();
  CHECK(plan.wordings == Strings{plan.question});
  CHECK(plan.steps[1].outcome.find("there is no chat model") != std::string::npos);
}

TEST_CASE("understand: filters by rules need no model") {
  Fixture f;
  f.has_chat = false;
  f.conversation = {{"user", "What did Jane Doe write in 2021 about rye?"}};
  f.config.filters = "rules";
  const auto plan = f.run().value();
  CHECK(plan.filter.author_ids == Strings{"jane"});
  CHECK(plan.filter.published_from > 0);
  CHECK(plan.question == "What did Jane Doe write about rye?");
  CHECK(plan.steps[0].texts == Strings{"author: Jane Doe", "published: 2021-01-01 to 2021-12-31"});
}

TEST_CASE("understand: a request that was withdrawn ends it") {
  Fixture f;
  f.config.hyde = true;
  f.cancel.request_stop();
  const auto plan = f.run();
  REQUIRE_FALSE(plan);
  CHECK(plan.error().kind == ErrorKind::cancelled);
}

TEST_CASE("reply lines: marks, labels and quotes go; lines without letters and doubles go") {
  CHECK(reply_lines("1. \"One?\"\n  - **Two** \n3) two\n\n---\n42.\nQuestion: Three: a, b\nAnswer: Four\n", 100) ==
        Strings{"One?", "Two", "Three: a, b", "Four"});
  CHECK(reply_lines("- 질문: 하나?\n• “둘”\n", 100) == Strings{"하나?", "둘"});
  CHECK(reply_lines(std::string(200, 'x') + "\nshort", 100) == Strings{"short"});
  CHECK(reply_lines("", 100).empty());
  CHECK(reply_lines("2021 was a year", 100) == Strings{"2021 was a year"});
}

}  // namespace twin::inference
