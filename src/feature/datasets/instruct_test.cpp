#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "feature/clean/clean.h"
#include "feature/datasets/project_for_test.h"
#include "models/prompts/prompts.h"

namespace twin::feature {
namespace {

using testing::DatasetProject;
using testing::text_about;
using testing::url_in;

void add_documents(DatasetProject& project, int n) {
  for (int i = 0; i < n; ++i) {
    const std::string topic = "topic" + std::to_string(i);
    project.put("file:///" + topic + ".md", "About " + topic,
                text_about(topic, 6) + "\n\n## 1.1. Using " + topic + "\n\n" + text_about(topic + " tool", 20) +
                    "\n\n```\nrun " + topic + "\n```\n\n## Short\n\nToo short.\n");
  }
}

int count_of(const std::map<std::string, int>& counts, const std::string& key) {
  const auto it = counts.find(key);
  return it == counts.end() ? 0 : it->second;
}

TEST_CASE("answers are verbatim, questions are made from titles and headings, each sample knows its origin") {
  DatasetProject project;
  add_documents(project, 20);
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  CHECK(report.failures.empty());
  const auto samples = project.all_samples("set");
  REQUIRE(samples.size() > 60);
  std::set<std::string> questions, ids;
  bool heading_asked = false;
  for (const Sample& sample : samples) {
    REQUIRE(sample.prompt.size() == 2);
    CHECK(sample.prompt[0].content == models::load_prompts()->system);
    CHECK(!sample.prompt[1].content.empty());
    CHECK(sample.prompt[1].content.find("1.1.") == std::string::npos);
    CHECK(sample.language == "en");
    const auto document =
        project.warehouse->document(sample.provenance.document_id, sample.provenance.document_version);
    const ProseView prose = prose_view(document->body);
    CHECK(prose.text.substr(sample.provenance.start, sample.provenance.end - sample.provenance.start) == sample.answer);
    CHECK(questions.insert(sample.prompt[1].content).second);
    CHECK(ids.insert(sample.id).second);
    CHECK(sample.split == split_of(*document, project.config));
    heading_asked = heading_asked || sample.provenance.question_template.find("heading") != std::string::npos;
  }
  CHECK(heading_asked);
  CHECK(count_of(report.reasons, "too_short") == 20);
  CHECK(count_of(report.reasons, "not_verbatim") == 0);
  CHECK(report.coverage.at("train") > 0.9);
}

TEST_CASE("Korean documents are asked in Korean") {
  DatasetProject project;
  std::string body = "## 2.1. 패키지 설치\n\n";
  for (int i = 0; i < 12; ++i) body += "패키지를 " + std::to_string(i) + "번째로 설치하는 방법을 차례대로 설명한다. ";
  project.put("file:///ko.md", "데비안 안내서", body);
  CHECK(build_instruct(project.config, project.context("set")).failures.empty());
  const auto samples = project.all_samples("set");
  REQUIRE(!samples.empty());
  CHECK(samples[0].language == "ko");
  CHECK(samples[0].prompt[1].content.find("패키지 설치") != std::string::npos);
  CHECK(samples[0].prompt[1].content.find("2.1") == std::string::npos);
  CHECK(samples[0].provenance.question_template.substr(0, 3) == "ko.");
}

TEST_CASE("the same warehouse gives the same bytes; nothing is dropped silently") {
  DatasetProject project;
  add_documents(project, 8);
  const DatasetReport one = build_instruct(project.config, project.context("one"));
  const DatasetReport two = build_instruct(project.config, project.context("two"));
  for (const char* name :
       {"train.jsonl", "validation.jsonl", "test.jsonl", "rejected.jsonl", "pii.jsonl", "manifest.json"}) {
    CHECK(project.file(std::string("one/") + name) == project.file(std::string("two/") + name));
  }
  CHECK(one.sha256 == two.sha256);
  const Json manifest = Json::parse(project.file("one/manifest.json"));
  CHECK(manifest["files"].size() == 5);
  CHECK(manifest["counts"]["instruct/train"] == count_of(one.counts, "instruct/train"));
  const std::string rejected = project.file("one/rejected.jsonl");
  CHECK(std::count(rejected.begin(), rejected.end(), '\n') == static_cast<long>(one.rejections.size()));
}

TEST_CASE("a written dataset is verified against its manifest") {
  DatasetProject project;
  add_documents(project, 4);
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  const auto folder = project.folder.path() / "set";
  CHECK(verify_dataset(folder) == report.sha256);
  REQUIRE(disk().write(folder / "train.jsonl", project.file("set/train.jsonl") + "\n").has_value());
  CHECK(verify_dataset(folder).error().kind == ErrorKind::invalid);
  REQUIRE(disk().remove(folder / "train.jsonl").has_value());
  CHECK(!verify_dataset(folder).has_value());
  REQUIRE(disk().write(folder / "manifest.json", "[]").has_value());
  CHECK(verify_dataset(folder).error().kind == ErrorKind::invalid);
  CHECK(!verify_dataset(folder / "absent").has_value());
}

TEST_CASE("duplicates are removed, across splits from the training side") {
  DatasetProject project;
  project.config.test_share = project.config.validation_share = 0.33;
  const std::string shared = text_about("shared thing", 8);
  project.put(url_in(project.config, "train", 0), "First", shared);
  project.put(url_in(project.config, "train", 1), "Second", shared);
  std::string almost = shared;
  almost.replace(almost.size() - 6, 5, "thang");
  project.put(url_in(project.config, "test", 0), "Third", almost);
  project.put(url_in(project.config, "train", 2), "Fourth", text_about("another", 8));
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  const auto test = project.samples("set", "test");
  REQUIRE(!test.empty());
  CHECK(test.back().answer.find("thang") != std::string::npos);
  for (const Sample& sample : project.samples("set", "train"))
    CHECK(sample.answer.find("shared thing") == std::string::npos);
  CHECK(count_of(report.reasons, "near_duplicate_across_splits") + count_of(report.reasons, "duplicate") >= 2);
  CHECK(!project.samples("set", "train").empty());
}

TEST_CASE("near duplicates of other documents and bad writing give no samples, and say why") {
  DatasetProject project;
  project.config.test_share = project.config.validation_share = 0;
  const auto original = project.put("file:///a.md", "Original", text_about("original", 20));
  const auto copy = project.put("file:///b.md", "Copy", text_about("copy", 20));
  std::string tags;
  for (int i = 0; i < 80; ++i) tags += "#tag" + std::to_string(i) + " and the #other ";
  project.put("file:///c.md", "Tags", tags, "posts");
  project.categories["posts"].id = "posts";
  DatasetContext context = project.context("set");
  context.duplicates = {{copy.id, original.id}};
  const DatasetReport report = build_instruct(project.config, context);
  CHECK(count_of(report.reasons, "duplicate_document") == 1);
  CHECK(count_of(report.reasons, "low_quality") == 1);
  REQUIRE(!project.all_samples("set").empty());
  for (const Sample& sample : project.all_samples("set")) CHECK(sample.provenance.document_id == original.id);
  CHECK(project.file("set/rejected.jsonl").find(original.id) != std::string::npos);
  CHECK(project.file("set/rejected.jsonl").find("max_symbol_ratio") != std::string::npos);
  project.categories["posts"].quality.enabled = false;
  CHECK(count_of(build_instruct(project.config, project.context("all")).reasons, "low_quality") == 0);
}

TEST_CASE("max_samples keeps one of every document first") {
  DatasetProject project;
  add_documents(project, 10);
  project.config.max_samples = 12;
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  const auto samples = project.all_samples("set");
  CHECK(samples.size() == 12);
  std::set<std::string> documents;
  for (const Sample& sample : samples) documents.insert(sample.provenance.document_id);
  CHECK(documents.size() == 10);
  CHECK(count_of(report.reasons, "over_max_samples") > 0);
}

TEST_CASE("disabled and unknown categories, empty and hostile documents") {
  DatasetProject project;
  project.categories["posts"].dataset.enabled = false;
  project.put("file:///a.md", "A", text_about("a", 9), "posts");
  project.put("file:///b.md", "B", text_about("b", 9), "nonsense");
  project.put("file:///c.md", "", "");
  project.put("file:///d.md", "# # #", std::string(200'000, '#'));
  project.put("file:///e.md", std::string(100'000, '('), std::string(50'000, '[') + " | {lead} {title} | ");
  project.put("file:///f.md", "{lead} | x", "## {title} | {heading}\n\n" + text_about("braces {lead} ", 9));
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].where == "file:///b.md");
  CHECK(count_of(report.reasons, "category_disabled") == 1);
  CHECK(!project.all_samples("set").empty());
}

TEST_CASE("an empty warehouse makes an empty dataset; a stopped run writes nothing") {
  DatasetProject project;
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  CHECK(report.counts.at("instruct/train") == 0);
  CHECK(project.samples("set", "train").empty());
  add_documents(project, 2);
  project.stop.request_stop();
  const DatasetReport stopped = build_instruct(project.config, project.context("stopped"));
  REQUIRE(stopped.failures.size() == 1);
  CHECK(stopped.failures[0].kind == ErrorKind::cancelled);
  CHECK(!disk().exists(project.folder.path() / "stopped" / "manifest.json"));
}

TEST_CASE("a split without documents is noted") {
  DatasetProject project;
  project.config.test_share = 0.5;
  project.put(url_in(project.config, "train", 0), "Only one", text_about("only", 9));
  CHECK(!build_instruct(project.config, project.context("set")).notes.empty());
}

}  // namespace
}  // namespace twin::feature
