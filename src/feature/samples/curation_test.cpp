#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "feature/clean/clean.h"
#include "feature/datasets/project_for_test.h"
#include "feature/samples/sample_privacy.h"

namespace twin::feature {
namespace {

using testing::DatasetProject;
using testing::FakeChat;
using testing::text_about;
using testing::url_in;

int reason_count(const DatasetReport& report, const std::string& reason) {
  const auto it = report.reasons.find(reason);
  return it == report.reasons.end() ? 0 : it->second;
}

struct PersonalProject : DatasetProject {
  PersonalProject() {
    config.test_share = config.validation_share = 0;
    put("file:///contact.md", "How to reach me",
        text_about("first part", 3) + " Write to mina@example.org or call 010-1234-5678 in the evening. " +
            text_about("second part", 3));
    put("file:///plain.md", "Nothing private", text_about("plain part", 6));
  }
};

TEST_CASE("curation: personal data is masked, and the proof knows of it") {
  PersonalProject project;
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  int masked = 0;
  for (const Sample& sample : project.all_samples("set")) {
    const auto document = project.warehouse->document(sample.provenance.document_id);
    const ProseView prose = prose_view(document->body);
    CHECK(is_verbatim(sample, prose.text));
    CHECK(sample.answer.find("mina@") == std::string::npos);
    CHECK(sample.answer.find("1234-5678") == std::string::npos);
    masked += to_json(sample).dump().find("[EMAIL]") != std::string::npos ? 1 : 0;
    if (sample.provenance.masked.empty()) continue;
    CHECK(sample.answer.find("[EMAIL]") != std::string::npos);
    const PiiFinding& email = sample.provenance.masked[0];
    CHECK(prose.text.substr(email.span.start, email.span.end - email.span.start) == "mina@example.org");
    Sample forged = sample;
    forged.provenance.masked.pop_back();
    CHECK_FALSE_MESSAGE(is_verbatim(forged, prose.text), "a mask that is not recorded is a change of the text");
  }
  CHECK(masked > 0);
  std::map<std::string, int> in_answers;
  for (const PiiRecord& record : report.pii) in_answers[record.kind] += record.part == "answer" ? 1 : 0;
  CHECK(in_answers == std::map<std::string, int>{{"email", 1}, {"phone", 1}});
  CHECK(project.file("set/pii.jsonl").find("\"kind\":\"phone\"") != std::string::npos);
  CHECK_MESSAGE(project.file("set/pii.jsonl").find("1234") == std::string::npos, "never the value");
  const Json manifest = Json::parse(project.file("set/manifest.json"));
  CHECK(manifest["pii"]["found"]["email"] == masked);
  CHECK(manifest["pii"]["found"]["phone"] == masked);
  CHECK(manifest["pii"]["samples"]["masked"] == masked);
  CHECK(verify_dataset(project.folder.path() / "set") == report.sha256);
}

TEST_CASE("curation: personal data drops its samples, or nothing is looked for") {
  PersonalProject project;
  project.config.pii = "drop";
  const DatasetReport dropped = build_instruct(project.config, project.context("drop"));
  CHECK(reason_count(dropped, "pii") >= 1);  // the next answer's question may quote the sentence
  const std::string rejected = project.file("drop/rejected.jsonl");
  CHECK(rejected.find("answer: email ") != std::string::npos);
  CHECK(rejected.find("mina@") == std::string::npos);
  for (const Sample& sample : project.all_samples("drop")) CHECK(sample.answer.find("mina") == std::string::npos);
  project.config.pii = "off";
  const DatasetReport off = build_instruct(project.config, project.context("off"));
  CHECK(reason_count(off, "pii") == 0);
  CHECK(project.file("off/train.jsonl").find("mina@example.org") != std::string::npos);
  CHECK(project.file("off/pii.jsonl").empty());
}

TEST_CASE("curation: questions are masked as well") {
  DatasetProject project;
  project.config.test_share = project.config.validation_share = 0;
  project.put("file:///a.md", "Mail from jisu@example.org", text_about("mail", 6));
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  const std::string train = project.file("set/train.jsonl");
  CHECK(train.find("jisu@example.org") == std::string::npos);
  CHECK(train.find("[EMAIL]") != std::string::npos);
  REQUIRE(!report.pii.empty());
  CHECK(report.pii[0].part == "prompt");
}

TEST_CASE("curation: rejected answers of a model are masked or dropped") {
  PersonalProject project;
  static_cast<void>(build_instruct(project.config, project.context("instruct")));
  FakeChat chat;
  chat.answer = [](const models::ChatRequest&) { return Result<std::string>("Call 010-9999-8888 now."); };
  const auto build = [&](const std::string& name) {
    return build_preference(project.config, project.context(name), project.folder.path() / "instruct", chat, "base");
  };
  CHECK(!build("masked").pii.empty());
  for (const Sample& sample : project.samples("masked", "train")) CHECK(sample.rejected == "Call [PHONE] now.");
  project.config.pii = "drop";
  const DatasetReport dropped = build("dropped");
  CHECK(reason_count(dropped, "pii") > 0);
  CHECK(project.samples("dropped", "train").empty());
}

TEST_CASE("curation: training shares no n-gram with held-out answers") {
  DatasetProject project;
  project.config.test_share = project.config.validation_share = 0.33;
  const std::string quote = text_about("a well known quotation", 1);
  project.put(url_in(project.config, "test", 0), "Held out",
              text_about("held", 2) + " " + quote + " " + text_about("out", 2));
  project.put(url_in(project.config, "train", 0), "Leaks",
              text_about("leak", 2) + " " + quote + " " + text_about("more", 2));
  project.put(url_in(project.config, "train", 1), "Clean", text_about("clean", 6));
  project.config.decontaminate_words = 8;
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  CHECK(reason_count(report, "contaminated") == 1);
  CHECK(project.file("set/rejected.jsonl").find("a well known quotation") != std::string::npos);
  CHECK(project.file("set/test.jsonl").find("a well known quotation") != std::string::npos);
  CHECK(project.file("set/train.jsonl").find("a well known quotation") == std::string::npos);
  project.config.decontaminate_words = 0;
  CHECK(reason_count(build_instruct(project.config, project.context("off")), "contaminated") == 0);
}

TEST_CASE("curation: training shares no n-gram with a benchmark") {
  DatasetProject project;
  project.config.test_share = project.config.validation_share = 0;
  const std::string passage = "한강에서 자전거를 타고 남산까지 올라가는 길은 봄에 가장 아름답다고 사람들은 말한다. ";
  project.put("file:///a.md", "자전거",
              passage + "그래서 나도 해마다 사월이면 그 길을 달린다. " +
                  "바람은 차지만 해가 길어져서 저녁까지 달릴 수 있고 돌아오는 길에는 국수를 먹는다.");
  project.put("file:///b.md", "Clean", text_about("clean", 6));
  const auto bench = project.folder.path() / "bench.jsonl";
  REQUIRE(disk()
              .write(bench, "{\"question\":\"한강에서 자전거를 타고 남산까지 올라가는 길은 봄에 가장 아름답다고\"}\n")
              .has_value());
  project.config.decontaminate = {bench.string()};
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  CHECK(reason_count(report, "contaminated") >= 1);
  CHECK(project.file("set/rejected.jsonl").find("bench.jsonl:1") != std::string::npos);
  project.config.decontaminate = {(project.folder.path() / "none.jsonl").string()};
  CHECK_THROWS_AS((void)build_instruct(project.config, project.context("none")), Fatal);
}

TEST_CASE("curation: length and language of answers, with counts and reasons") {
  DatasetProject project;
  project.config.test_share = project.config.validation_share = 0;
  std::string french;
  for (int i = 0; i < 4; ++i) {
    french +=
        "Le chapitre " + std::to_string(i) + " explique comment installer le système et choisir les paquets utiles. ";
  }
  std::string passage;
  for (int i = 0; i < 6; ++i)
    passage += "시스템을 설치하고 쓸 꾸러미를 고르는 " + std::to_string(i) + "번째 방법을 설명한다. ";
  project.put("file:///fr.md", "Installation", french);
  project.put("file:///ko.md", "설치", passage);
  project.config.languages = {"ko"};
  const DatasetReport report = build_instruct(project.config, project.context("set"));
  CHECK(reason_count(report, "other_language") >= 1);
  CHECK(project.file("set/rejected.jsonl").find("\"fr 0.") != std::string::npos);
  for (const Sample& sample : project.all_samples("set")) CHECK(sample.language == "ko");
  REQUIRE(!project.all_samples("set").empty());
  project.config.languages = {};
  project.config.min_characters = 100'000;
  CHECK(reason_count(build_instruct(project.config, project.context("short")), "answer_too_short") >= 2);
  project.config.min_characters = 0;
  project.config.max_characters = 1;
  CHECK(reason_count(build_instruct(project.config, project.context("long")), "answer_too_long") >= 2);
}

TEST_CASE("curation: the manifest says what each step let pass and removed") {
  PersonalProject project;
  project.config.pii = "drop";
  project.put("file:///same.md", "The same again", text_about("plain part", 6));
  static_cast<void>(build_instruct(project.config, project.context("set")));
  const Json manifest = Json::parse(project.file("set/manifest.json"));
  int last = -1;
  bool duplicates = false, personal = false;
  for (const Json& step : manifest["steps"]) {
    if (step["unit"] != "samples") continue;
    int removed = 0;
    for (const auto& [reason, count] : step["removed"].items()) removed += count.get<int>();
    CHECK(step["in"].get<int>() - step["out"].get<int>() == removed);
    if (last >= 0) CHECK(step["in"] == last);
    last = step["out"];
    duplicates = duplicates || (step["step"] == "duplicates" && removed > 0);
    personal = personal || (step["step"] == "personal data" && removed >= 1);
  }
  CHECK(last == manifest["counts"]["instruct/train"].get<int>());
  CHECK(duplicates);
  CHECK(personal);
}

}  // namespace
}  // namespace twin::feature
