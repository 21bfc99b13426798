#include "feature/datasets/rag_samples.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "feature/chunk/chunk.h"
#include "feature/clean/search_view.h"
#include "feature/datasets/project_for_test.h"
#include "stores/warehouse/picture_texts.h"

namespace twin::feature {
namespace {

using testing::DatasetProject;
using testing::text_about;

/// A project whose documents are in an index, too; one token is one word.
struct IndexedProject : DatasetProject {
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path() / "index");

  IndexedProject() {
    index->use_model("model", 2);
    config.test_share = 0.3;
    config.rag_share = 1;
    config.rag_tokens = 400;
    for (int i = 0; i < 12; ++i) {
      const std::string topic = "topic" + std::to_string(i);
      add("file:///" + topic + ".md", "About " + topic,
          "## Using the tool " + topic + "\n\n" + text_about(topic, 9) + "\n\n## 도구 " + topic + " 설치\n\n" +
              text_about("tool of " + topic, 9));
    }
  }

  void add(const std::string& url, const std::string& title, const std::string& body,
           const std::vector<stores::PictureText>& pictures = {}) {
    stores::Document document = put(url, title, body);
    stores::set_picture_texts(document, pictures);
    if (!pictures.empty()) warehouse->upsert(document);
    const ProseView prose = search_view(document);
    ChunkRules rules;
    rules.max_tokens = 60;
    const auto words = [](std::string_view text) {
      return Result<int>(1 + static_cast<int>(std::ranges::count(text, ' ')));
    };
    const auto chunks = value_or_throw(chunk_document(document.id, document.version, title, prose, rules, 512, words));
    stores::IndexedDocument indexed;
    indexed.id = document.id;
    indexed.version = document.version;
    indexed.feature_key = "key";
    indexed.url = url;
    indexed.title = title;
    indexed.prose = prose.text;
    REQUIRE(index->replace(indexed, chunks, std::vector<std::vector<float>>(chunks.size(), {1.0F, 0.0F})).has_value());
  }

  DatasetReport build(const std::string& name) {
    DatasetContext made = context(name);
    made.index = index.get();
    return build_instruct(config, made);
  }
};

TEST_CASE("what OCR read in pictures gets into no sample, nor into the passages before its question") {
  IndexedProject project;
  // Every question is about a tool with a topic: lexical search finds these passages first.
  for (int i = 0; i < 12; ++i) {
    const std::string topic = "topic" + std::to_string(i);
    project.add("file:///shown" + std::to_string(i) + ".md", "Shown " + topic,
                "## Seen " + topic + "\n\n" + text_about("sight of " + topic, 6) + "\n\n![screen](s.png)",
                {{"s.png", "aa", "Using the tool " + topic + " readbyocr tool " + topic + " 도구 설치"}});
  }
  const auto found = project.index->lexical("readbyocr", 50);
  REQUIRE(found.size() == 12);
  static_cast<void>(project.build("set"));
  const auto samples = project.all_samples("set");
  REQUIRE(samples.size() > 20);
  CHECK(std::any_of(samples.begin(), samples.end(), [](const Sample& s) { return !s.provenance.passages.empty(); }));
  for (const char* split : {"train", "validation", "test"}) {
    CHECK(project.file(std::string("set/") + split + ".jsonl").find("readbyocr") == std::string::npos);
  }
}

TEST_CASE("RAG samples: the answer lies in one of the numbered passages, the prompt is that of serving") {
  IndexedProject project;
  const DatasetReport report = project.build("set");
  CHECK(report.failures.empty());
  CHECK(report.reasons.count("not_verbatim") == 0);
  CHECK(report.reasons.count("not_in_passages") == 0);
  const models::Prompts prompts = value_or_throw(models::load_prompts());
  std::set<std::size_t> positions;
  int with_passages = 0;
  for (const Sample& sample : project.samples("set", "train")) {
    if (sample.provenance.passages.empty()) continue;
    ++with_passages;
    const std::string& question = sample.prompt.back().content;
    CHECK(sample.prompt.front().content == prompts.system);
    std::vector<std::string> rendered;
    std::size_t holding = 0;
    for (const std::string& id : sample.provenance.passages) {
      const auto chunk = project.index->chunk(id);
      REQUIRE(chunk);
      CHECK(split_of(*project.warehouse->document(chunk->document_id), project.config) == "train");
      const std::string title = project.index->document(chunk->document_id)->title;
      rendered.push_back(
          models::render_passage(prompts, rendered.size() + 1, title, stores::heading_path(*chunk), chunk->text));
      if (chunk->text.find(sample.answer) != std::string::npos) holding = rendered.size();
    }
    CHECK(question.starts_with(models::render_question(prompts, rendered, "")));
    CHECK(question.size() > models::render_question(prompts, rendered, "").size());
    REQUIRE(holding > 0);
    positions.insert(holding);
    CHECK(rendered.size() <= 3);
  }
  CHECK(with_passages == report.rag_samples);
  CHECK(with_passages > 10);
  CHECK(positions.size() == 3);
}

TEST_CASE("RAG samples: held-out questions stand alone; share 0 makes none; the same project makes the same bytes") {
  IndexedProject project;
  const std::string digest = project.build("one").sha256;
  CHECK(project.build("two").sha256 == digest);
  for (const char* split : {"validation", "test"}) {
    for (const Sample& sample : project.samples("one", split)) CHECK(sample.provenance.passages.empty());
  }
  project.config.rag_share = 0;
  CHECK(project.build("none").rag_samples == 0);
  project.config.rag_share = 0.5;
  const int half = project.build("half").rag_samples;
  CHECK(half > 0);
  CHECK(half < static_cast<int>(project.samples("half", "train").size()));
}

TEST_CASE("RAG samples: passages stay within the budget, and one passage is enough") {
  IndexedProject project;
  project.config.rag_passages = 1;
  CHECK(project.build("one").rag_samples > 0);
  for (const Sample& sample : project.samples("one", "train")) CHECK(sample.provenance.passages.size() <= 1);
  project.config.rag_passages = 5;
  project.config.rag_tokens = 130;
  CHECK(project.build("tight").rag_samples > 0);
  for (const Sample& sample : project.samples("tight", "train")) {
    int tokens = 0;
    for (const std::string& id : sample.provenance.passages) tokens += project.index->chunk(id)->tokens;
    CHECK(tokens <= 130);
  }
}

TEST_CASE("RAG samples: a document that the index holds in another version keeps its bare questions") {
  IndexedProject project;
  for (const auto& [id, key] : project.index->document_keys()) project.index->remove(id);
  const DatasetReport report = project.build("set");
  CHECK(report.rag_samples == 0);
  CHECK(!project.samples("set", "train").empty());
}

}  // namespace
}  // namespace twin::feature
