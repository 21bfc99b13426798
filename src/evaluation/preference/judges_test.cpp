#include <doctest/doctest.h>

#include <cmath>

#include "evaluation/preference/model_judge.h"
#include "evaluation/preference/person_judge.h"
#include "evaluation/preference/preference_for_test.h"
#include "inference/fakes.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

/// "A" is token 1, "B" token 2, any other text one token a byte; the template is the message itself.
class LettersTokenizer final : public models::Tokenizer {
 public:
  Result<std::vector<int>> tokenize(std::string_view text, bool) override {
    if (text == "A" || text == " A") return std::vector<int>{1};
    if (text == "B" || text == " B") return std::vector<int>{2};
    return std::vector<int>(text.size(), 100);
  }
  Result<std::string> apply_template(const std::vector<models::Message>& messages, bool) override {
    return messages.back().content;
  }
};

}  // namespace

TEST_CASE("a reply is a letter, perhaps with a word around it") {
  for (const char* reply : {"A", " A\n", "(A)", "**A**", "A.", "Answer: A", "The answer is A.", "답: A", "A입니다"}) {
    CAPTURE(reply);
    CHECK(read_letter(reply).value_or(0) == 1);
  }
  CHECK(read_letter("답은 B입니다.").value_or(0) == -1);
  for (const char* reply :
       {"", "C", "A or B", "a", "A is better", "I would rather choose answer A", "Both", "AB", "A B", "\xff"}) {
    CAPTURE(reply);
    const auto letter = read_letter(reply);
    REQUIRE_FALSE(letter);
    CHECK(letter.error().kind == ErrorKind::invalid);
  }
}

TEST_CASE("a local model is asked for the odds of its next token") {
  LettersTokenizer tokenizer;
  inference::ScriptedChat chat({});
  std::vector<models::Worker::TokenProbability> likely = {{1, std::log(0.6)}, {2, std::log(0.2)}, {9, std::log(0.1)}};
  const AskLetter ask = letter_by_odds(
      {chat, tokenizer, [&](const std::vector<int>&, int) -> Result<decltype(likely)> { return likely; }});
  CHECK(ask("Which?").value() == doctest::Approx(std::log(3)));
  likely = {{9, -0.1}, {2, -0.5}};
  CHECK(ask("Which?").value() == doctest::Approx(0));  // "A" is less likely than the last that is listed
  likely = {{9, -0.1}};
  const auto neither = ask("Which?");
  REQUIRE_FALSE(neither);
  CHECK(neither.error().kind == ErrorKind::invalid);
  chat.context = 10;
  const auto long_prompt = ask("Which of these two is better?");
  REQUIRE_FALSE(long_prompt);
  CHECK(long_prompt.error().kind == ErrorKind::limit);
}

TEST_CASE("another model is asked for a reply") {
  inference::ScriptedChat chat({"Answer", ": B"});
  CHECK(letter_by_reply(chat, {})("Which?").value() == -1);
  CHECK(chat.last().temperature == 0);
  CHECK(chat.last().max_tokens <= 8);
  chat.failures = 1;
  CHECK(letter_by_reply(chat, {})("Which?").error().kind == ErrorKind::network);
  std::stop_source stop;
  stop.request_stop();
  CHECK(letter_by_reply(chat, stop.get_token())("Which?").error().kind == ErrorKind::cancelled);
}

TEST_CASE("what does not fit the model is cut, alike for both answers, and counted") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  report.questions[0].reference = std::string(9000, 'x');
  std::size_t longest = 0;
  ModelJudge judge(
      [&, inner = likes("fine")](const std::string& prompt) -> Result<double> {
        if (prompt.size() > 3000) return fail(ErrorKind::limit, "too long");
        longest = std::max(longest, prompt.size());
        return inner(prompt);
      },
      "narrow", 8000);
  const PreferenceReport found = judged(report, judge);
  CHECK(found.pairs[0].wins == 8);
  CHECK(found.cut == 1);
  CHECK(longest > 2000);
  ModelJudge never([](const std::string&) -> Result<double> { return fail(ErrorKind::limit, "too long"); }, "tiny",
                   800);
  CHECK(judged(report, never).open == 8);
  CHECK(report.failures.front().kind == ErrorKind::limit);
}

TEST_CASE("Korean questions are judged after the Korean prompt") {
  EvalReport report = report_of_arms({{"base", "그냥"}, {"sft", "좋은"}});
  for (Question& question : report.questions) question.language = "ko";
  std::string seen;
  ModelJudge judge(
      [&](const std::string& prompt) -> Result<double> {
        seen = prompt;
        return prompt.find("답 A:\n좋은") != std::string::npos ? 1.0 : -1.0;
      },
      "reader", 4000);
  CHECK(judged(report, judge).pairs[0].wins == 8);
  CHECK(seen.find("한 글자로만 답하십시오") != std::string::npos);
}

TEST_CASE("a person: the order is drawn, names are not seen, what is passed over stays open") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  KeptInFolder kept;
  auto log = kept.open();
  std::string shown;
  int turned = 0, asked = 0;
  const auto prefers_fine = [&](const std::string&) -> std::string {
    const bool a = part_of(shown, "A:\n").starts_with("fine");
    turned += a ? 1 : 0;
    return a ? "a" : "b";
  };
  const auto show = [&](const std::string& text) {
    shown = text;
    CHECK(text.find("sft") == std::string::npos);
  };
  PersonJudge first({.show = show,
                     .ask = [&](const std::string& question) -> std::string {
                       switch (++asked) {
                         case 1:
                           return "what?";  // asked again
                         case 3:
                           return "s";
                         case 4:
                           return "t";
                         case 5:
                           return "q";
                         default:
                           return prefers_fine(question);
                       }
                     }},
                    17, 8);
  const PreferenceReport begun = judged(report, first, &log);
  CHECK(asked == 5);
  CHECK(begun.decided == 2);
  CHECK(begun.open == 6);
  CHECK(report.failures.empty());
  PersonJudge again({.show = show, .ask = prefers_fine}, 17, 6);
  const PreferenceReport found = judged(report, again, &log);
  CHECK(found.pairs[0].wins == 7);
  CHECK(found.pairs[0].ties == 1);
  CHECK(found.open == 0);
  CHECK(found.readings == 7);
  CHECK(turned > 0);
  CHECK(turned < 7);
  const BlindPair pair = blind_pairs(report).front();
  CHECK(opinion_of(pair, 17, "a")->verdict != opinion_of(pair, 17, "b")->verdict);
  CHECK(opinion_of(pair, 17, "tie")->verdict == Verdict::tie);
  CHECK_FALSE(opinion_of(pair, 17, "c"));
}
