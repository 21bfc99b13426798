#include "evaluation/preference/judging.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "evaluation/preference/preference_for_test.h"
#include "evaluation/preference/preference_report.h"

using namespace twin;
using namespace twin::evaluation;

TEST_CASE("a judge who looks at the place alone makes ties: both orders cancel it, and it is said") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  ModelJudge judge(likes("nothing like this"), "biased", 4000);
  const PreferenceReport found = judged(report, judge);
  REQUIRE(found.pairs.size() == 1);
  CHECK(found.pairs[0].ties == 8);
  CHECK(found.pairs[0].orders_disagree == 8);
  CHECK(found.pairs[0].win_rate.mean == doctest::Approx(0.5));
  CHECK(found.pairs[0].p == 1);
  CHECK(found.readings == 16);
  CHECK(found.shown_first == 16);
  report.preferences.push_back(found);
  CHECK(preference_remarks(report)[0].find("preferred in 16 of 16 readings") != std::string::npos);
  CHECK(preference_remarks(report)[0].find("8 of 8 pairs are ties") != std::string::npos);
}

TEST_CASE("a judge who reads finds the better arm, wherever it is shown") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  report.arms[0].answers[3].text = "fine to begin with, too";  // both have the word: the place decides, a tie
  ModelJudge judge(likes("fine"), "reader", 4000);
  const PreferenceReport found = judged(report, judge);
  const PairPreference& pair = found.pairs[0];
  CHECK(pair.first == "sft");
  CHECK(pair.second == "base");
  CHECK(pair.wins == 7);
  CHECK(pair.ties == 1);
  CHECK(pair.losses == 0);
  CHECK(pair.win_rate.mean == doctest::Approx(7.5 / 8));
  CHECK(pair.win_rate.n == 8);
  CHECK(pair.win_rate.clusters == 4);
  CHECK(pair.win_rate.low < pair.win_rate.mean);
  CHECK(pair.win_rate.high == doctest::Approx(1));
  CHECK(pair.p == doctest::Approx(2.0 / 128));
  CHECK(found.shown_first == 7 + 2);
  CHECK(found.orders_disagree == 1);
  for (const JudgedAnswers& one : found.verdicts) {
    CHECK(one.winner == (one.question == 3 ? Verdict::tie : Verdict::first));
    CHECK(one.reason == (one.question == 3 ? "orders" : ""));
  }
}

TEST_CASE("equal answers are a tie that nobody is asked about; equal pairs are asked about once") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}, {"dpo", "fine"}});
  int asked = 0;
  ModelJudge judge(likes("fine", &asked), "reader", 4000);
  const PreferenceReport found = judged(report, judge);
  REQUIRE(found.pairs.size() == 3);
  CHECK(asked == 16);  // eight pairs of texts in both orders
  CHECK(found.decided == 8);
  CHECK(found.pairs[0].wins == 8);  // sft over base
  CHECK(found.pairs[1].wins == 8);  // dpo over base
  CHECK(found.pairs[2].first == "dpo");
  CHECK(found.pairs[2].identical == 8);
  CHECK(found.pairs[2].ties == 8);
}

TEST_CASE("a pair that fails costs a pair") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  report.arms[1].answers[0] = {{}, {}, "the worker is gone"};
  ModelJudge judge(
      [inner = likes("fine")](const std::string& prompt) -> Result<double> {
        if (prompt.find("Question 5?") != std::string::npos) return read_letter("I like both of them");
        return inner(prompt);
      },
      "reader", 4000);
  const PreferenceReport found = judged(report, judge);
  CHECK(found.pairs[0].wins == 6);
  CHECK(found.pairs[0].unjudged == 2);
  CHECK(found.pairs[0].win_rate.n == 6);
  CHECK(found.open == 1);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].message.find("Question 5?") != std::string::npos);
  CHECK(found.verdicts[0].reason == "no answer");
  CHECK(found.verdicts[5].reason == "open");
  CHECK_FALSE(found.verdicts[5].winner);
}

TEST_CASE("a judge that is down is given up, and what it was not asked is counted") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  int asked = 0;
  ModelJudge judge(
      [&](const std::string&) -> Result<double> {
        ++asked;
        return fail(ErrorKind::network, "nobody listens");
      },
      "down", 4000);
  JudgeConfig config;
  config.give_up_after = 3;
  const PreferenceReport found = judged(report, judge, nullptr, config);
  CHECK(asked == 3);
  CHECK(found.pairs[0].unjudged == 8);
  CHECK_FALSE(found.pairs[0].win_rate.measured());
  REQUIRE(report.failures.size() == 4);
  CHECK(report.failures.back().message.find("5 pairs were not asked about") != std::string::npos);
  ModelJudge locked([](const std::string&) -> Result<double> { return fail(ErrorKind::usage, "no key"); }, "locked",
                    400);
  CHECK_THROWS_AS((void)judged(report, locked), Fatal);
}

TEST_CASE("opinions are kept: after a stop only the rest is asked about, and another judge is asked anew") {
  EvalReport report = report_of_arms({{"base", "plain"}, {"sft", "fine"}});
  KeptInFolder kept;
  int asked = 0;
  {
    auto log = kept.open();
    ModelJudge judge(
        [inner = likes("fine", &asked), &asked](const std::string& prompt) -> Result<double> {
          if (asked == 6) return fail(ErrorKind::cancelled, "stopped");
          return inner(prompt);
        },
        "reader", 4000);
    CHECK_THROWS_AS((void)judged(report, judge, &log), Fatal);
  }
  auto log = kept.open();
  asked = 0;
  ModelJudge judge(likes("fine", &asked), "reader", 4000);
  CHECK(open_pairs(report, judge, &log).size() == 5);
  const PreferenceReport found = judged(report, judge, &log);
  CHECK(asked == 10);
  CHECK(found.pairs[0].wins == 8);
  CHECK(found.readings == 16);
  CHECK(open_pairs(report, judge, &log).empty());
  ModelJudge other(likes("fine", &asked), "another model", 4000);
  CHECK(open_pairs(report, other, &log).size() == 8);
  // The order in which arms are named changes nothing but their sides.
  std::swap(report.arms[0], report.arms[1]);
  CHECK(judged(report, judge, &log).pairs[0].losses == 8);
  CHECK(asked == 10);
}

TEST_CASE("the same opinions give the same bytes, in every report, escaped") {
  const auto made = [] {
    EvalReport report = report_of_arms({{"base", "<b>plain</b>"}, {"my-sft", "fine"}});
    ModelJudge judge(likes("fine"), "<i>reader</i>", 4000);
    report.preferences.push_back(judged(report, judge));
    return report;
  };
  const EvalReport report = made();
  CHECK(to_json(report).dump() == to_json(made()).dump());
  const std::string html = to_html(report), markdown = to_markdown(report), table = to_table(report);
  CHECK(html == to_html(made()));
  CHECK(html.find("<i>reader") == std::string::npos);
  for (const std::string& text : {html, markdown, table}) {
    CHECK(text.find("my-sft over base") != std::string::npos);
    CHECK(text.find("8 / 0 / 0") != std::string::npos);
    CHECK(text.find("1.00, 1.00") != std::string::npos);
    CHECK(text.find("0.008") != std::string::npos);
  }
  CHECK(html.find("model: my-sft &gt; base") != std::string::npos);
  const Json json = to_json(report)["preferences"][0];
  CHECK(json["pairs"][0]["win_rate"]["mean"] == 1.0);
  CHECK(json["verdicts"].size() == 8);
  CHECK(json["verdicts"][0]["winner"] == "first");
  CHECK_FALSE(to_json(report_of_arms({})).contains("preferences"));
}
