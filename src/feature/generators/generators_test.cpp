#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "feature/generators/generator.h"
#include "feature/generators/model_for_test.h"

namespace twin::feature {
namespace {

using testing::GeneratorProject;
using testing::ScriptedModel;

TEST_CASE("generators are listed once each") {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const GeneratorEntry& entry : generators()) {
    CHECK(seen.insert({entry.kind, entry.id}).second);
    CHECK_FALSE(entry.description.empty());
    CHECK(&find_generator(entry.id, entry.kind) == &entry);
  }
  CHECK_THROWS_AS((void)find_generator("oracle", "instruct"), Fatal);
  CHECK(generator_ids("preference") == std::vector<std::string>{"self-play", "generate"});
}

TEST_CASE("backtranslation: the question is the model's, the answer the author's") {
  GeneratorProject project;
  project.config.generator = "backtranslate";
  const DatasetReport report = project.build("instruct");
  CHECK(report.failures.empty());
  const auto samples = project.samples("instruct", "train");
  REQUIRE(samples.size() >= 16);
  for (const Sample& sample : samples) {
    CHECK(sample.answer == project.source_of(sample));
    CHECK(sample.prompt.back().content.starts_with("What is known of"));
    CHECK(sample.prompt.front().role == "system");
    CHECK(sample.provenance.generator.starts_with("backtranslate:model-1/"));
    CHECK(sample.scores.at("fit") == 5);
  }
  for (const models::ChatRequest& request : project.model.requests) CHECK_FALSE(request.adapter);
}

TEST_CASE("a question that fits badly, and a reply that is none, cost their sample and nothing else") {
  GeneratorProject project;
  project.config.generator = "backtranslate";
  const auto whole = project.build("whole").counts.at("instruct/train");
  int questions = 0, fits = 0;
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    if (ScriptedModel::wants(request, "question")) {
      ++questions;
      if (questions == 1) return std::string("Sure! Here is a question.");
      if (questions == 2) return std::string(R"({"question": "cut o)");
      if (questions == 3) return std::string(R"({"question": 7})");
      if (questions == 4) return "```json\n" + *ScriptedModel::reply_to(request) + "\n```";
    } else if (++fits == 2) {
      return std::string(R"({"score": 3})");
    } else if (fits == 3) {
      return std::string(R"({"score": "good"})");
    } else if (fits == 4) {
      return std::string(R"({"score": 99})");
    }
    return ScriptedModel::reply_to(request);
  };
  const DatasetReport report = project.build("some");
  CHECK(report.failures.empty());
  CHECK(report.reasons.at("bad_reply") == 5);
  CHECK(report.reasons.at("low_fit") == 1);
  CHECK(report.counts.at("instruct/train") == whole - 6);
  const Json manifest = Json::parse(project.file("some/manifest.json"));
  bool counted = false;
  for (const Json& step : manifest["steps"]) {
    if (step["step"] == "generation") counted = step["removed"]["bad_reply"] == 5 && step["removed"]["low_fit"] == 1;
  }
  CHECK(counted);
  project.config.generate.min_fit = 1;
  project.model.asked = 0;
  project.model.answer = ScriptedModel::reply_to;
  CHECK(project.build("unjudged").counts.at("instruct/train") == whole);
  CHECK_MESSAGE(project.model.asked <= whole + 8, "no request for a judgement that nobody needs");
}

TEST_CASE("a model that says an example of its prompt again has said nothing") {
  GeneratorProject project;
  project.config.generator = "backtranslate";
  const int whole = project.build("whole").counts.at("instruct/train");
  project.model.asked = 0;
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    const std::string& prompt = request.messages.back().content;
    if (project.model.asked > 1) return ScriptedModel::reply_to(request);
    const std::size_t example = prompt.find("{\"question\": \"How");
    REQUIRE(example != std::string::npos);
    return prompt.substr(example, prompt.find('}', example) + 1 - example);
  };
  const DatasetReport report = project.build("parrot");
  CHECK(report.reasons.at("bad_reply") == 1);
  CHECK(report.counts.at("instruct/train") == whole - 1);
}

TEST_CASE("a killed run asks only what is left; threads do not change a byte") {
  GeneratorProject project;
  project.config.generator = "backtranslate";
  project.build("whole");
  const int all = project.model.asked.exchange(0);
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    if (project.model.asked > 9) throw Fatal(ErrorKind::internal, "killed");
    return ScriptedModel::reply_to(request);
  };
  CHECK_THROWS_AS(project.build("killed"), Fatal);
  project.model.answer = ScriptedModel::reply_to;
  project.model.asked = 0;
  project.build("killed", 4);
  CHECK(project.model.asked == all - 9);
  for (const char* file : {"/train.jsonl", "/rejected.jsonl", "/manifest.json"}) {
    CHECK(project.file("killed" + std::string(file)) == project.file("whole" + std::string(file)));
  }
  project.model.asked = 0;
  project.build("killed", 4);
  CHECK(project.model.asked == 0);
}

TEST_CASE("a lost request costs one sample; an engine that is gone ends the run") {
  GeneratorProject project;
  project.config.generator = "generate";
  const int whole = project.build("whole").counts.at("instruct/train");
  project.model.asked = 0;
  project.model.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    if (project.model.asked == 3) return fail(ErrorKind::invalid, "the context is too small");
    return ScriptedModel::reply_to(request);
  };
  const DatasetReport report = project.build("one");
  CHECK(report.failures.size() == 1);
  CHECK(report.counts.at("instruct/train") == whole - 1);
  project.model.answer = ScriptedModel::reply_to;
  project.model.asked = 0;
  CHECK(project.build("one").counts.at("instruct/train") == whole);
  CHECK(project.model.asked == 1);
  project.model.answer = [](const models::ChatRequest&) -> Result<std::string> {
    return fail(ErrorKind::network, "connection refused");
  };
  CHECK_THROWS_AS(project.build("gone"), Fatal);
  CHECK_THROWS_AS(project.build("gone", 4), Fatal);
}

}  // namespace
}  // namespace twin::feature
