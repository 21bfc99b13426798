#include <doctest/doctest.h>

#include <set>

#include "feature/datasets/project_for_test.h"

namespace twin::feature {
namespace {

using testing::DatasetProject;
using testing::FakeChat;
using testing::text_about;

struct PreferenceProject : DatasetProject {
  FakeChat chat;
  PreferenceProject() {
    config.test_share = config.validation_share = 0;
    config.preference_samples = 10;
    for (int i = 0; i < 8; ++i) {
      const std::string topic = "topic" + std::to_string(i);
      put("file:///" + topic + ".md", "About " + topic, text_about(topic, 20));
    }
    const DatasetReport report = build_instruct(config, context("instruct"));
    if (report.counts.at("instruct/train") < 16) throw Fatal(ErrorKind::internal, "too few samples to test with");
  }
  DatasetReport build(const std::string& name = "preference", const std::string& model = "base-1") {
    return build_preference(config, context(name), folder.path() / "instruct", chat, model);
  }
};

TEST_CASE("rejected answers come from the base model, chosen ones from the author") {
  PreferenceProject project;
  const DatasetReport report = project.build();
  CHECK(report.failures.empty());
  CHECK(report.counts.at("preference/train") == 10);
  std::set<std::string> answers;
  for (const Sample& sample : project.samples("instruct", "train")) answers.insert(sample.answer);
  for (const Sample& sample : project.samples("preference", "train")) {
    CHECK(sample.kind == "preference");
    CHECK(answers.count(sample.answer) == 1);
    CHECK(sample.rejected == "I think: " + sample.prompt.back().content);
    CHECK(sample.provenance.generator.find("base-1") == 0);
  }
  for (const models::ChatRequest& request : project.chat.requests) {
    CHECK(request.temperature == 0);
    CHECK(!request.adapter);
    CHECK(!request.reuse_prefix);
    CHECK(request.max_tokens == project.config.rejected_max_tokens);
  }
}

TEST_CASE("rejected answers are whole sentences, as long as the author's, however much the model writes") {
  PreferenceProject project;
  DatasetContext with = project.context("preference");
  with.tools.tokens = [](std::string_view text) { return static_cast<std::int64_t>(text.size() / 4); };
  project.chat.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    std::string text;
    for (int i = 0; i < request.max_tokens / 5; ++i) text += "This is sentence " + std::to_string(100 + i) + ". ";
    return text + "And here the lim";
  };
  project.chat.finish_reason = "length";
  const DatasetReport report =
      build_preference(project.config, with, project.folder.path() / "instruct", project.chat, "base-1");
  CHECK(report.counts.at("preference/train") == 10);
  for (const Sample& sample : project.samples("preference", "train")) {
    CHECK(sample.rejected.back() == '.');
    CHECK(sample.rejected.size() >= sample.answer.size());
    CHECK(sample.rejected.size() < sample.answer.size() + 25);
  }
  for (const models::ChatRequest& request : project.chat.requests) CHECK(request.max_tokens < 384);
}

TEST_CASE("a reply that the limit cut before its first sentence ended is no rejected answer, now and after a restart") {
  PreferenceProject project;
  project.chat.answer = [](const models::ChatRequest&) { return Result<std::string>("A sentence without"); };
  project.chat.finish_reason = "length";
  for (int run = 0; run < 2; ++run) {
    const DatasetReport report = project.build();
    CHECK(report.counts.at("preference/train") == 0);
    CHECK(report.reasons.at("cut_rejected") == 10);
  }
  CHECK(project.chat.requests.size() == 10);
}

TEST_CASE("a killed run continues with the next answer and ends with the same bytes") {
  PreferenceProject project;
  project.build("whole");
  project.chat.requests.clear();
  const auto answer = project.chat.answer;
  project.chat.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    if (project.chat.requests.size() > 4) throw Fatal(ErrorKind::internal, "killed");
    return answer(request);
  };
  CHECK_THROWS_AS(project.build("killed"), Fatal);
  project.chat.answer = answer;
  project.chat.requests.clear();
  project.build("killed");
  CHECK(project.chat.requests.size() == 6);
  CHECK(project.file("killed/train.jsonl") == project.file("whole/train.jsonl"));
  CHECK(project.file("killed/manifest.json") == project.file("whole/manifest.json"));
  project.chat.requests.clear();
  project.build("killed");
  CHECK(project.chat.requests.empty());
  project.build("killed", "base-2");
  CHECK(project.chat.requests.size() == 10);
}

TEST_CASE("a failure costs one sample and is made good by the next run") {
  PreferenceProject project;
  const auto answer = project.chat.answer;
  int calls = 0;
  project.chat.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    if (++calls == 3) return fail(ErrorKind::invalid, "context too long");
    return answer(request);
  };
  const DatasetReport report = project.build();
  CHECK(report.failures.size() == 1);
  CHECK(report.counts.at("preference/train") == 9);
  project.chat.answer = answer;
  project.chat.requests.clear();
  CHECK(project.build().counts.at("preference/train") == 10);
  CHECK(project.chat.requests.size() == 1);
}

TEST_CASE("a request lost with its worker is sent again; an engine that is gone ends the run") {
  PreferenceProject project;
  const auto answer = project.chat.answer;
  int calls = 0;
  project.chat.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    if (++calls == 2) return fail(ErrorKind::network, "connection reset");
    return answer(request);
  };
  CHECK(project.build().failures.empty());
  project.chat.answer = [](const models::ChatRequest&) -> Result<std::string> {
    return fail(ErrorKind::network, "connection refused");
  };
  CHECK_THROWS_AS(project.build("gone"), Fatal);
}

TEST_CASE("empty answers and answers equal to the author's are dropped with the reason") {
  PreferenceProject project;
  std::map<std::string, std::string> chosen;
  for (const Sample& sample : project.samples("instruct", "train"))
    chosen[sample.prompt.back().content] = sample.answer;
  int calls = 0;
  project.chat.answer = [&](const models::ChatRequest& request) -> Result<std::string> {
    ++calls;
    if (calls == 1) return std::string(" \n ");
    if (calls == 2) return "  " + chosen.at(request.messages.back().content) + "\n";
    return std::string("Something else.");
  };
  const DatasetReport report = project.build();
  CHECK(report.counts.at("preference/train") == 8);
  CHECK(report.reasons.at("empty_rejected") == 1);
  CHECK(report.reasons.at("rejected_equals_chosen") == 1);
}

TEST_CASE("a broken instruct dataset is Fatal with the line") {
  PreferenceProject project;
  REQUIRE(disk().write(project.folder.path() / "instruct" / "train.jsonl", "{broken\n").has_value());
  CHECK_THROWS_WITH_AS(project.build(), doctest::Contains("train.jsonl:1"), Fatal);
}

}  // namespace
}  // namespace twin::feature
