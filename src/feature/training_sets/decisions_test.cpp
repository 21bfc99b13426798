#include "feature/training_sets/decisions.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "feature/datasets/project_for_test.h"

namespace twin::feature {
namespace {

using testing::DatasetProject;
using testing::text_about;

struct ReviewedProject : DatasetProject {
  ReviewedProject() {
    config.test_share = config.validation_share = 0;
    config.decontaminate_words = 0;
    for (int i = 0; i < 4; ++i) {
      const std::string topic = "subject" + std::to_string(i);
      put("file:///" + topic + ".md", "On " + topic, text_about(topic, 12));
    }
  }
  std::filesystem::path decisions() const { return folder.path() / "decisions.jsonl"; }
  DatasetReport build(const std::string& name) {
    DatasetContext with = context(name);
    with.decisions = decisions();
    return build_instruct(config, with);
  }
};

TEST_CASE("decisions hold at the next build and at those after it") {
  ReviewedProject project;
  project.build("before");
  const auto before = project.samples("before", "train");
  REQUIRE(before.size() >= 4);
  Decision reject{.sample_id = before[0].id, .verdict = "reject", .reason = "says nothing"};
  Decision edit{.sample_id = before[1].id,
                .verdict = "edit",
                .question = "What is it about?",
                .answer = "It is about this. Write to a@example.org."};
  Decision accept{.sample_id = before[2].id, .verdict = "accept"};
  for (const Decision& decision : {reject, edit, accept}) REQUIRE(add_decision(project.decisions(), decision));
  for (int round = 0; round < 2; ++round) {
    const DatasetReport report = project.build("after");
    const auto after = project.samples("after", "train");
    CHECK(after.size() == before.size() - 1);
    CHECK(report.reasons.at("rejected_by_review") == 1);
    CHECK(project.file("after/rejected.jsonl").find("says nothing") != std::string::npos);
    int edited = 0;
    for (const Sample& sample : after) {
      CHECK(sample.id != before[0].id);
      if (is_author_text(sample)) continue;
      ++edited;
      CHECK(sample.prompt.back().content == "What is it about?");
      CHECK(sample.answer == "It is about this. Write to [EMAIL].");
      CHECK(sample.provenance.generator == "extractive+edited");
      CHECK(sample.provenance.start == before[1].provenance.start);
      Sample expected = before[1];
      edit_sample(expected, edit, project.config);
      CHECK(sample.id == expected.id);
    }
    CHECK(edited == 1);
  }
  // The last decision about a sample holds.
  REQUIRE(add_decision(project.decisions(), {.sample_id = before[0].id, .verdict = "accept"}));
  project.build("again");
  CHECK(project.samples("again", "train").size() == before.size());
}

TEST_CASE("least scores remove samples, but not accepted ones") {
  ReviewedProject project;
  project.build("before");
  const auto before = project.samples("before", "train");
  project.config.min_scores = {{"characters", "1e6"}, {"no such score", "1"}};
  REQUIRE(add_decision(project.decisions(), {.sample_id = before[0].id, .verdict = "accept"}));
  const DatasetReport report = project.build("after");
  CHECK(report.counts.at("instruct/train") == 1);
  CHECK(report.reasons.at("below_min_score") == static_cast<int>(before.size()) - 1);
  project.config.min_scores = {{"characters", "many"}};
  CHECK_THROWS_WITH_AS((void)project.build("wrong"), doctest::Contains("characters"), Fatal);
}

TEST_CASE("the file of decisions: torn and wrong lines") {
  const TempFolder folder;
  const auto file = folder.path() / "d.jsonl";
  CHECK(read_decisions(file)->empty());
  REQUIRE(add_decision(file, {.sample_id = "s1", .verdict = "accept", .scores = {{"fit", 4}}}));
  std::ofstream(file, std::ios::app) << "{\"id\":\"s2\",\"deci";
  auto read = read_decisions(file);
  REQUIRE(read);
  CHECK(read->size() == 1);
  CHECK(read->at("s1").scores.at("fit") == 4);
  REQUIRE(add_decision(file, {.sample_id = "s3", .verdict = "reject"}));
  read = read_decisions(file);
  REQUIRE(read);
  CHECK(read->size() == 2);
  std::ofstream(file, std::ios::app) << "{\"id\":\"s4\"}\n";
  read = read_decisions(file);
  REQUIRE_FALSE(read);
  CHECK(read.error().where.find("d.jsonl:3") != std::string::npos);
  for (const char* wrong : {"[]", "{}", R"({"id":"a","decision":"maybe"})", R"({"id":"a","decision":"edit"})"}) {
    CHECK_FALSE(decision_from_json(Json::parse(wrong)));
  }
}

TEST_CASE("a threshold is the one with the best F1") {
  std::map<std::string, Decision> decisions;
  const auto add = [&](double fit, bool good) {
    const std::string id = std::to_string(decisions.size());
    decisions[id] = {.sample_id = id, .verdict = good ? "accept" : "reject", .scores = {{"fit", fit}}};
  };
  for (int i = 0; i < 6; ++i) add(5, true);
  add(4, true);
  add(4, false);
  for (int i = 0; i < 5; ++i) add(2, false);
  CHECK(calibrate(decisions, 14).empty());
  const auto found = calibrate(decisions, 13);
  REQUIRE(found.size() == 1);
  CHECK(found[0].threshold == 4);
  CHECK(found[0].recall == 1);
  CHECK(found[0].precision == doctest::Approx(7.0 / 8));
  CHECK(found[0].f1 == doctest::Approx(14.0 / 15));
  CHECK(found[0].f1_of_all == doctest::Approx(14.0 / 20));
  CHECK(found[0].accepted == 7);
  CHECK(found[0].rejected == 6);
  for (auto& [id, decision] : decisions) decision.verdict = "accept";
  CHECK(calibrate(decisions, 1).empty());
}

}  // namespace
}  // namespace twin::feature
