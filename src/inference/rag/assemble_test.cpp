#include <doctest/doctest.h>

#include "inference/fakes.h"
#include "inference/rag/rag.h"
#include "models/prompts/prompts.h"

using namespace twin;
using namespace twin::inference;
using models::Message;

namespace {

Passage passage(int rank, const std::string& text) {
  Passage p;
  p.rank = rank;
  p.title = "T" + std::to_string(rank);
  p.start = 10;
  p.end = 10 + text.size();
  p.text = text;
  return p;
}

const std::vector<Passage> three = {passage(1, "alpha beta gamma."), passage(2, "delta epsilon."), passage(3, "zeta.")};

struct Assembly {
  WordTokenizer tokenizer;
  RetrievalConfig config;
  Assembled make(const std::vector<Message>& conversation, const std::vector<Passage>& passages) {
    Assembled made = value_or_throw(assemble(conversation, passages, config, tokenizer));
    CHECK(made.tokens >= tokens_of(made));
    return made;
  }
  int tokens_of(const Assembled& made) {
    int tokens = 0;
    for (const Message& message : made.messages) {
      tokens += static_cast<int>(tokenizer.tokenize(message.content, false)->size());
    }
    return tokens;
  }
};

}  // namespace

TEST_CASE("system prompt first, then the passages by number with the question") {
  Assembly setup;
  const auto made = setup.make({{"user", " Why {passages}? "}}, three);
  REQUIRE(made.messages.size() == 2);
  CHECK(made.messages[0].role == "system");
  CHECK(made.messages[0].content == models::load_prompts()->system);
  const std::string& user = made.messages[1].content;
  const std::size_t one = user.find("[1] T1\nalpha"), two = user.find("[2] T2\ndelta"),
                    last = user.find("[3] T3\nzeta");
  CHECK(one < two);
  CHECK(two < last);
  CHECK(last < user.find("Why {passages}?"));
  CHECK(made.passages.size() == 3);
  CHECK(made.tokens == setup.tokens_of(made));
}

TEST_CASE("without passages the question stands alone") {
  Assembly setup;
  const auto made = setup.make({{"user", " Why? "}}, {});
  CHECK(made.messages.back().content == "Why?");
  CHECK(made.passages.empty());
}

TEST_CASE("the budget ends the list of passages") {
  Assembly setup;
  setup.config.context_tokens = 9;  // [1] T1 and 3 words: 5; [2] T2 and 2 words: 4
  const auto made = setup.make({{"user", "Why?"}}, three);
  CHECK(made.passages.size() == 2);
  CHECK(made.messages.back().content.find("zeta") == std::string::npos);
}

TEST_CASE("a first passage that is too long is cut behind a sentence, with its offsets") {
  Assembly setup;
  setup.config.context_tokens = 8;
  const auto made = setup.make({{"user", "Why?"}}, {passage(1, "One two three. Four five six. Seven eight nine.")});
  REQUIRE(made.passages.size() == 1);
  CHECK(made.passages[0].text == "One two three. Four five six.");
  CHECK(made.passages[0].end - made.passages[0].start == made.passages[0].text.size());
  CHECK(made.messages.back().content.find("Seven") == std::string::npos);
  setup.config.context_tokens = 3;  // not one sentence
  CHECK(setup.make({{"user", "Why?"}}, three).passages.empty());
}

TEST_CASE("history is kept, without marks, and begins with a question") {
  Assembly setup;
  const std::vector<Message> conversation = {{"user", "q one"},
                                             {"assistant", "a one [1]. More [2, 3]."},
                                             {"user", "q two"},
                                             {"assistant", "a two"},
                                             {"user", "third question"}};
  auto made = setup.make(conversation, three);
  REQUIRE(made.messages.size() == 6);
  CHECK(made.messages[1].content == "q one");
  CHECK(made.messages[2].content == "a one. More.");
  CHECK(made.messages[4].content == "a two");

  setup.config.history_tokens = 5;  // the last pair, and half of the first
  made = setup.make(conversation, three);
  REQUIRE(made.messages.size() == 4);
  CHECK(made.messages[1].content == "q two");
  CHECK(made.tokens == setup.tokens_of(made));
  setup.config.history_tokens = 0;
  CHECK(setup.make(conversation, three).messages.size() == 2);
}

TEST_CASE("what came before does not change when the conversation goes on") {
  Assembly setup;
  const std::vector<Message> first = {{"user", "q one"}, {"assistant", "a one"}, {"user", "q two"}};
  auto longer = first;
  longer.insert(longer.end(), {{"assistant", "a two"}, {"user", "q three"}});
  const auto a = setup.make(first, {three[0]}), b = setup.make(longer, {three[1]});
  for (std::size_t i = 0; i + 1 < a.messages.size(); ++i) {
    CHECK(a.messages[i].role == b.messages[i].role);
    CHECK(a.messages[i].content == b.messages[i].content);
  }
}

TEST_CASE("a system message of the caller is added to ours") {
  Assembly setup;
  const auto made = setup.make({{"system", "Be brief."}, {"user", "Why?"}}, {});
  REQUIRE(made.messages.size() == 2);
  CHECK(made.messages[0].content == models::load_prompts()->system + "\n\nBe brief.");
}

TEST_CASE("a conversation must end with a question; a failing tokenizer is an error") {
  Assembly setup;
  CHECK(assemble({}, three, setup.config, setup.tokenizer).error().kind == ErrorKind::usage);
  const std::vector<Message> answered = {{"user", "q"}, {"assistant", "a"}};
  CHECK(assemble(answered, three, setup.config, setup.tokenizer).error().kind == ErrorKind::usage);
  setup.tokenizer.broken = true;
  CHECK(assemble({{"user", "q"}}, three, setup.config, setup.tokenizer).error().kind == ErrorKind::network);
}
