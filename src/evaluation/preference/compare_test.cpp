#include "evaluation/preference/compare.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "evaluation/arm_style.h"
#include "evaluation/preference/author_judge.h"
#include "evaluation/preference/judging.h"

using namespace twin;
using namespace twin::evaluation;

namespace {

std::vector<feature::Sample> held_out_passages() {
  std::vector<feature::Sample> samples;
  for (const char* document : {"alpha", "beta", "gamma", "delta"}) {
    for (int n = 0; n < 5; ++n) {
      feature::Sample sample;
      sample.id = fmt::format("{}-{}", document, n);
      sample.kind = "instruct";
      sample.prompt = {{"user", fmt::format("What about {} and {}?", document, n)}};
      sample.answer = fmt::format(
          "It is perhaps worth saying that {} number {} was the one of those that we would have wanted to keep, "
          "although it has not always been so easy for us, and there are others who would rather not.",
          document, n);
      sample.language = "en";
      sample.provenance.document_id = document;
      sample.provenance.start = static_cast<std::size_t>(n) * 1000;
      sample.provenance.end = sample.provenance.start + sample.answer.size();
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

const std::string advertisement =
    "Buy bananas now! Big sale today, click here, great deals, fast shipping, low prices, order online, save money, "
    "win prizes.";

struct Counted {
  int started = 0, asked = 0;
};

/// Answers with the author's own words, or with an advertisement.
NamedArm scripted_arm(const std::string& name, bool as_author, double perplexity, Counted& counted) {
  NamedArm arm;
  arm.name = name;
  arm.identity = "weights of " + name;
  arm.start = [&counted, as_author]() -> AskQuestion {
    ++counted.started;
    return [&counted, as_author](const Question& question) -> Result<ArmAnswer> {
      ++counted.asked;
      return ArmAnswer{as_author ? question.reference : advertisement, {}, {}};
    };
  };
  arm.score = [perplexity](const std::vector<feature::Sample>& samples) -> Result<std::vector<training::ScoredItem>> {
    return std::vector<training::ScoredItem>(samples.size(), training::ScoredItem{10, 10 * std::log(perplexity)});
  };
  return arm;
}

EvalConfig small_comparison() {
  EvalConfig config;
  config.questions = 6;
  config.bootstrap = 200;
  return config;
}

}  // namespace

TEST_CASE("arms by name: measures, differences and perplexity of each against each earlier one") {
  Counted counted;
  const auto samples = held_out_passages();
  const EvalReport report = compare_arms(
      small_comparison(), {.held_out = samples,
                           .arms = {scripted_arm("base", false, 16, counted), scripted_arm("my-sft", true, 8, counted),
                                    scripted_arm("dpo", true, 12, counted)},
                           .lineage = {},
                           .progress = silent_progress(),
                           .stop = {}});
  REQUIRE(report.arms.size() == 3);
  CHECK(counted.started == 3);
  CHECK(counted.asked == 18);
  CHECK(report.arms[1].metrics.at("support").mean == doctest::Approx(1));
  CHECK(report.differences.at("style_distance my-sft - base").high < 0);
  CHECK(report.differences.at("style_distance dpo-base").high < 0);
  CHECK(report.differences.at("coverage dpo - my-sft").mean == doctest::Approx(0));
  CHECK(report.perplexity.at("my-sft").mean == doctest::Approx(8));
  CHECK(report.perplexity.at("change my-sft - base").mean == doctest::Approx(-0.5));
  CHECK(report.perplexity.at("change dpo - my-sft").mean == doctest::Approx(0.5));
  const std::string table = to_table(report);
  CHECK(table.find("change dpo - my-sft") != std::string::npos);
  CHECK(table.find("+50.0 %") != std::string::npos);
  CHECK(to_markdown(report).find("my-sft − base") != std::string::npos);

  // Style alone tells them apart; where it does not, there is a tie.
  EvalReport judged = report;
  const ArmStyle style(samples, judged, judged.config);
  AuthorJudge author(style, 0.05);
  const JudgingContext context{.kept = nullptr, .progress = silent_progress(), .stop = {}};
  const PreferenceReport found = judge_arms(judged, author, {}, context);
  CHECK(found.pairs[0].wins == 6);
  CHECK(found.pairs[0].win_rate.mean == doctest::Approx(1));
  CHECK(found.pairs[2].identical == 6);
  AuthorJudge generous(style, 2);  // no two distances differ by more than twice their mean
  CHECK(judge_arms(judged, generous, {}, context).pairs[0].ties == 6);
}

TEST_CASE("answers too short for their style stay open, and are no failure") {
  Counted counted;
  const auto samples = held_out_passages();
  NamedArm curt = scripted_arm("curt", true, 8, counted);
  curt.start = []() -> AskQuestion {
    return [](const Question&) -> Result<ArmAnswer> { return ArmAnswer{"Yes.", {}, {}}; };
  };
  EvalReport report = compare_arms(small_comparison(), {.held_out = samples,
                                                        .arms = {scripted_arm("base", false, 16, counted), curt},
                                                        .lineage = {},
                                                        .progress = silent_progress(),
                                                        .stop = {}});
  const ArmStyle style(samples, report, report.config);
  AuthorJudge author(style, 0.05);
  const PreferenceReport found =
      judge_arms(report, author, {}, {.kept = nullptr, .progress = silent_progress(), .stop = {}});
  CHECK(found.open == 6);
  CHECK(found.pairs[0].unjudged == 6);
  CHECK(report.failures.empty());
}

TEST_CASE("answers are kept by arm: a comparison goes on, and takes in one more arm, without asking again") {
  const TempFolder folder;
  stores::Objects objects(disk(), folder.path() / "objects");
  auto kept = value_or_throw(feature::AnswerLog::open(folder.path() / "kept.jsonl", objects));
  Counted base, sft, dpo;
  std::stop_source stop;
  NamedArm stopping = scripted_arm("sft", true, 8, sft);
  stopping.start = [&]() -> AskQuestion {
    return [&](const Question& question) -> Result<ArmAnswer> {
      if (++sft.asked == 3) stop.request_stop();
      return ArmAnswer{question.reference, {}, {}};
    };
  };
  const auto compared = [&](std::vector<NamedArm> arms, std::stop_token token) {
    return compare_arms(small_comparison(), {.held_out = held_out_passages(),
                                             .arms = std::move(arms),
                                             .kept = &kept,
                                             .lineage = {},
                                             .progress = silent_progress(),
                                             .stop = std::move(token)});
  };
  CHECK_THROWS_AS((void)compared({scripted_arm("base", false, 16, base), stopping}, stop.get_token()), Fatal);
  CHECK(base.asked == 6);
  CHECK(sft.asked == 3);
  const EvalReport report = compared(
      {scripted_arm("base", false, 16, base), scripted_arm("sft", true, 8, sft), scripted_arm("dpo", true, 12, dpo)},
      {});
  CHECK(base.started == 1);
  CHECK(base.asked == 6);
  CHECK(sft.asked == 6);
  CHECK(dpo.asked == 6);
  CHECK(report.arms[0].answers[0].text == advertisement);
  CHECK(report.arms[1].answers[5].text == report.questions[5].reference);
  NamedArm passages = scripted_arm("base", false, 16, base);
  passages.identity.clear();
  (void)compared({passages, scripted_arm("sft", true, 8, sft)}, {});
  CHECK(base.asked == 12);
}

TEST_CASE("an arm whose model cannot be scored leaves the others their perplexity") {
  Counted counted;
  NamedArm broken = scripted_arm("broken", true, 8, counted);
  broken.score = [](const auto&) -> Result<std::vector<training::ScoredItem>> {
    return fail(ErrorKind::invalid, "no such adapter");
  };
  const EvalReport report =
      compare_arms(small_comparison(),
                   {.held_out = held_out_passages(),
                    .arms = {broken, scripted_arm("sft", true, 8, counted), scripted_arm("dpo", true, 4, counted)},
                    .lineage = {},
                    .progress = silent_progress(),
                    .stop = {}});
  CHECK_FALSE(report.perplexity.contains("broken"));
  CHECK(report.perplexity.at("change dpo-sft").mean == doctest::Approx(-0.5));
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].message.find("perplexity of broken") != std::string::npos);
  CHECK_THROWS_AS(
      (void)compare_arms(
          small_comparison(),
          {.held_out = {}, .arms = {broken, broken}, .lineage = {}, .progress = silent_progress(), .stop = {}}),
      Fatal);
}
