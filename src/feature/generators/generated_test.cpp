#include <doctest/doctest.h>

#include <set>

#include "feature/datasets/answers.h"
#include "feature/generators/exchange.h"
#include "feature/generators/model_for_test.h"
#include "feature/generators/run_generator.h"
#include "feature/samples/sample_privacy.h"

namespace twin::feature {
namespace {

using testing::GeneratorProject;
using testing::ScriptedModel;
using testing::text_about;

TEST_CASE("generated answers must be in their passage") {
  GeneratorProject project;
  project.config.generator = "generate";
  int asked = 0;
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    const std::string passage = ScriptedModel::passage_of(request);
    const std::string sentence = ScriptedModel::first_sentence(passage);
    ++asked;
    if (asked == 1) return std::string(R"({"pairs": [{"instruction": "Who?", "answer": "The king of Sweden."}, {}]})");
    return ScriptedModel::pair_reply("Say " + sentence, sentence);
  };
  const DatasetReport report = project.build("instruct");
  CHECK(report.reasons.at("not_grounded") == 1);
  CHECK(report.reasons.at("bad_reply") == 1);
  const auto samples = project.samples("instruct", "train");
  REQUIRE(samples.size() >= 16);
  for (const Sample& sample : samples) {
    CHECK_FALSE(is_author_text(sample));
    CHECK(project.source_of(sample).find(sample.answer) != std::string::npos);
    CHECK(sample.scores.at("grounding") == 1);
    CHECK(sample.provenance.generator.starts_with("generate:model-1/"));
    CHECK(sample.scores.at("characters") == characters(sample.answer));
  }
  project.config.min_characters = 1000;
  CHECK(project.build("short").reasons.at("answer_too_short") > 0);
}

TEST_CASE("generated pairs: chosen is the author's text, at its place") {
  GeneratorProject project;
  project.build("instruct");
  project.config.preference_generator = "generate";
  project.config.preference_samples = 12;
  int asked = 0;
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    const auto triple = [](const std::string& extract) {
      return ScriptedModel::triple_reply("Why?", "Because.", extract);
    };
    ++asked;
    if (asked == 1) return triple("The author never wrote this sentence, not once in all the years.");
    if (asked == 2) return triple("The");
    return ScriptedModel::reply_to(request);
  };
  const DatasetReport report = project.pairs("preference", "instruct");
  CHECK(report.reasons.at("not_an_extract") == 1);
  CHECK(report.reasons.at("answer_too_short") == 1);
  CHECK(report.counts.at("preference/train") == 10);
  for (const Sample& sample : project.samples("preference", "train")) {
    CHECK(sample.answer == project.source_of(sample));
    CHECK(sample.rejected == "As an assistant I would say something general.");
    CHECK(sample.prompt.size() == 2);
  }
}

TEST_CASE("personal data is not sent to a model, and pairs are verbatim behind masks") {
  GeneratorProject project;
  const std::string body = text_about("letters", 4) +
                           "\n\nWrite to me at mina.park@example.net or call 010-1234-5678. " +
                           text_about("answers", 4);
  const auto document = project.put("file:///mail.md", "Letters", body);
  project.documents[document.id] = prose_view(document.body).text;
  for (const char* generator : {"backtranslate", "generate"}) {
    project.config.generator = generator;
    project.build(generator);
  }
  project.config.generator = "extractive";
  project.build("instruct");
  project.config.preference_generator = "generate";
  project.config.preference_samples = 1000;
  project.config.generate.min_extract = 10;
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    return ScriptedModel::triple_reply("Why?", "Because.", ScriptedModel::passage_of(request));
  };
  project.pairs("preference", "instruct");
  for (const models::ChatRequest& request : project.model.requests) {
    CHECK(request.messages.back().content.find("mina.park") == std::string::npos);
    CHECK(request.messages.back().content.find("1234") == std::string::npos);
  }
  int masked = 0;
  for (const Sample& sample : project.samples("preference", "train")) {
    CHECK(is_verbatim(sample, project.documents.at(sample.provenance.document_id)));
    masked += sample.provenance.masked.empty() ? 0 : 1;
  }
  CHECK(masked > 0);
}

TEST_CASE("an extract is found whatever its white space, and mapped behind masks") {
  const std::string passage = "하나 둘\n셋  넷. five six";
  const auto found = locate_extract(passage, "둘 셋 넷.");
  REQUIRE(found);
  CHECK(passage.substr(found->start, found->end - found->start) == "둘\n셋  넷.");
  CHECK_FALSE(locate_extract(passage, "둘 넷"));
  CHECK_FALSE(locate_extract(passage, " \n"));
  const std::string prose = "Before. Ask a@example.org or b@example.org, friend. After.";
  Sample sample;
  sample.provenance.start = 8;
  sample.provenance.end = 51;
  sample.provenance.masked = findings_within(find_pii(prose), {8, 51});
  sample.answer = mask_pii(prose.substr(8, 43), sample.provenance.masked, 8);
  REQUIRE(sample.provenance.masked.size() == 2);
  REQUIRE(is_verbatim(sample, prose));
  for (std::size_t start = 0; start < sample.answer.size(); ++start) {
    for (std::size_t end = start + 1; end <= sample.answer.size(); ++end) {
      text::Span within{start, end};
      const text::Span place = prose_span(sample, within);
      Sample part = sample;
      part.answer = sample.answer.substr(within.start, within.end - within.start);
      part.provenance.start = place.start;
      part.provenance.end = place.end;
      part.provenance.masked = findings_within(sample.provenance.masked, place);
      CHECK(is_verbatim(part, prose));
      CHECK(within.start <= start);
      CHECK(within.end >= end);
    }
  }
}

TEST_CASE("what a run may cost is known before its first request") {
  GeneratorProject project;
  project.config.generator = "backtranslate";
  project.config.generate.price_input = 1000;
  project.config.generate.price_output = 2000;
  CHECK_THROWS_WITH_AS(project.build("paid"), doctest::Contains("max_cost"), Fatal);
  CHECK(project.model.asked == 0);
  project.config.generate.max_cost = 1000;
  CHECK(project.build("paid").failures.empty());
  CHECK(project.model.asked > 0);
  // What is kept costs nothing any more, but for judgements whose question was not known beforehand.
  project.config.generate.min_fit = 1;
  project.config.generate.max_cost = 0;
  project.model.asked = 0;
  CHECK(project.build("paid").failures.empty());
  CHECK(project.model.asked == 0);
}

TEST_CASE("a limit of requests draws passages; a larger one draws more of them") {
  GeneratorProject project;
  project.config.generator = "backtranslate";
  project.config.generate.max_calls = 11;
  const DatasetReport few = project.build("few");
  CHECK(project.model.asked == 10);
  CHECK(few.counts.at("instruct/train") == 5);
  CHECK(few.reasons.at("over_max_calls") > 0);
  project.config.generate.max_calls = 16;
  project.build("more");
  std::set<std::string> more;
  for (const Sample& sample : project.samples("more", "train")) more.insert(sample.answer);
  for (const Sample& sample : project.samples("few", "train")) CHECK(more.count(sample.answer) == 1);
}

TEST_CASE("requests are begun no faster than the provider allows") {
  const TempFolder folder;
  stores::Objects objects(disk(), folder.path() / "objects");
  ScriptedModel model;
  model.answer = [](const models::ChatRequest&) { return Result<std::string>("yes"); };
  DatasetConfig config;
  config.generate.requests_per_minute = 30;
  const GeneratorTools tools{.engine = &model, .model = "m"};
  FakeClock clock;
  ModelCalls calls(config, tools, value_or_throw(AnswerLog::open(folder.path() / "log", objects)), {}, clock);
  const double start = clock.monotonic();
  for (int i = 0; i < 5; ++i) {
    models::ChatRequest request;
    request.messages = {{"user", std::to_string(i)}};
    REQUIRE(calls.ask("v1", request));
  }
  CHECK(clock.monotonic() - start >= 8);
  models::ChatRequest again;
  again.messages = {{"user", "3"}};
  CHECK(calls.is_kept("v1", again));
  CHECK_FALSE(calls.is_kept("v2", again));
  CHECK(calls.counts().asked == 5);
}

}  // namespace
}  // namespace twin::feature
