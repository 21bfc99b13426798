#include "inference/rag/llm_judge.h"

#include <doctest/doctest.h>

#include <cmath>

#include "inference/fakes.h"

using namespace twin;
using namespace twin::inference;

namespace {

using Order = std::vector<std::size_t>;
using Probabilities = std::vector<models::Worker::TokenProbability>;

/// Tokens: 1 "yes", 2 "no", any other text one token a byte; the template is the message itself.
class LetterTokenizer final : public models::Tokenizer {
 public:
  Result<std::vector<int>> tokenize(std::string_view text, bool) override {
    if (text == "yes" || text == "Yes") return std::vector<int>{1};
    if (text == "no") return std::vector<int>{2};
    std::vector<int> ids;
    for (const char c : text) ids.push_back(100 + static_cast<unsigned char>(c));
    return ids;
  }
  Result<std::string> apply_template(const std::vector<models::Message>& messages, bool) override {
    last = messages.back().content;
    return last;
  }
  std::string last;
};

std::vector<Passage> passages_of(const std::vector<std::string>& texts) {
  std::vector<Passage> passages;
  for (const std::string& text : texts) {
    Passage passage;
    passage.title = "Title";
    passage.text = text;
    passages.push_back(passage);
  }
  return passages;
}

struct Court {
  LetterTokenizer tokenizer;
  ScriptedChat chat{{"[2] > ", "[1]"}};
  Probabilities likely;
  std::size_t prompts = 0;
  JudgeEngines engines() {
    return {chat, tokenizer, [this](const std::vector<int>&, int) -> Result<Probabilities> {
              ++prompts;
              return likely;
            }};
  }
};

}  // namespace

TEST_CASE("a permutation is read strictly") {
  CHECK(read_permutation("[2] > [1] > [3]", 3).value() == Order{1, 0, 2});
  CHECK(read_permutation(" [2]>[1]\n>\n[ 3 ] ", 3).value() == Order{1, 0, 2});
  CHECK(read_permutation("[1]", 1).value() == Order{0});
  for (const char* reply :
       {"", "[1] > [2]", "[1] > [2] > [2]", "[1] > [2] > [4]", "[0] > [1] > [2]", "1 > 2 > 3", "[1], [2], [3]",
        "[1] > [2] > [3] > [1]", "Sure! [1] > [2] > [3]", "[1] > [2] > [3].", "[1] > [2] > [3", "[1] > [-2] > [3]",
        "[1] > [99999999999999999999] > [2]", "[a] > [1] > [2]", "[1] > [2] >", "[] > [1] > [2]"}) {
    CAPTURE(reply);
    const auto order = read_permutation(reply, 3);
    REQUIRE_FALSE(order);
    CHECK(order.error().kind == ErrorKind::invalid);
  }
}

TEST_CASE("pointwise: the log-odds of yes against no") {
  Court court;
  const auto judge = make_pointwise_judge(court.engines(), 200);
  CHECK(judge->batch() == 1);
  court.likely = {{1, std::log(0.6)}, {2, std::log(0.3)}, {7, std::log(0.1)}};
  auto scores = judge->score("A question?", passages_of({"Some text."}), {});
  REQUIRE(scores);
  CHECK((*scores)[0] == doctest::Approx(std::log(0.6 / 0.3)));
  CHECK(court.tokenizer.last.find("Some text.") != std::string::npos);
  CHECK(court.tokenizer.last.find("A question?") != std::string::npos);
  CHECK(court.tokenizer.last.find("yes or no") != std::string::npos);
  // Only one of them among the likely tokens: the other is taken to be as likely as the last.
  court.likely = {{2, std::log(0.9)}, {7, std::log(0.01)}};
  scores = judge->score("A question?", passages_of({"Some text."}), {});
  CHECK(scores.value()[0] == doctest::Approx(std::log(0.01 / 0.9)));
  court.likely = {{7, -0.1}, {8, -3}};
  const auto neither = judge->score("A question?", passages_of({"Some text."}), {});
  REQUIRE_FALSE(neither);
  CHECK(neither.error().kind == ErrorKind::invalid);
}

TEST_CASE("pointwise: the question's language, the beginning of the passage, and the wish to stop") {
  Court court;
  court.likely = {{1, -1}, {2, -2}};
  const auto judge = make_pointwise_judge(court.engines(), 100);
  REQUIRE(judge->score("빵은 얼마나 쉬게 하나요?", passages_of({std::string(5000, 'x')}), {}));
  CHECK(court.tokenizer.last.find("질문: 빵은") != std::string::npos);
  CHECK(court.tokenizer.last.size() < 600);
  std::stop_source stop;
  stop.request_stop();
  const auto before = court.prompts;
  CHECK_FALSE(judge->score("q", passages_of({"a"}), stop.get_token()));
  CHECK(court.prompts == before);
}

TEST_CASE("listwise: one reply orders all; one that is no order is an error") {
  Court court;
  const auto judge = make_listwise_judge(court.engines(), 200);
  CHECK(judge->batch() == 0);
  const auto scores = judge->score("Which?", passages_of({"one", "two"}), {});
  REQUIRE(scores);
  CHECK((*scores)[1] > (*scores)[0]);
  const auto asked = court.chat.last();
  CHECK(asked.messages.back().content.find("[2] Title\ntwo") != std::string::npos);
  CHECK(asked.temperature == 0);
  CHECK_FALSE(asked.adapter);
  const auto more = judge->score("Which?", passages_of({"one", "two", "three"}), {});
  REQUIRE_FALSE(more);
  CHECK(more.error().kind == ErrorKind::invalid);
}

TEST_CASE("listwise: passages are cut until they fit the context, or refused") {
  Court court;
  court.chat.context = 1000;
  const auto judge = make_listwise_judge(court.engines(), 4000);
  const std::string text(3000, 'x');
  REQUIRE(judge->score("Which?", passages_of({text, text}), {}));
  CHECK(court.chat.last().messages.back().content.size() < 1000);
  court.chat.context = 60;
  const auto refused = judge->score("Which?", passages_of({text, text}), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::limit);
}
