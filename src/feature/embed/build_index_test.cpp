#include "feature/embed/build_index.h"

#include <doctest/doctest.h>

#include <set>

#include "core/files.h"
#include "feature/clean/search_view.h"
#include "feature/embed/engines_for_test.h"
#include "stores/warehouse/picture_texts.h"

namespace twin::feature {
namespace {

using testing::FakeEmbedder;
using testing::FakeTokenizer;

struct Project {
  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path() / "warehouse");
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path() / "index");
  FakeEmbedder embedder;
  FakeTokenizer tokenizer;
  std::map<std::string, Category> categories;
  EmbedConfig config;
  std::stop_source stop;

  Project() {
    categories["articles"].id = "articles";
    categories["articles"].chunk.max_tokens = 40;
    config.retry_wait_ms = 0;
  }
  stores::Document put(const std::string& url, const std::string& body, const std::string& category = "articles") {
    stores::Document document;
    document.url = url;
    document.source = "folder";
    document.category = category;
    document.title = "Title of " + url;
    document.body = body;
    document.language = "en";
    warehouse->upsert(document);
    return document;
  }
  IndexReport build(std::set<std::string> left_out = {}) {
    return build_index(config, {*warehouse, *index, embedder, tokenizer, categories, silent_progress(),
                                stop.get_token(), std::move(left_out)});
  }
};

std::string long_text(int sentences, const std::string& word = "sentence") {
  std::string out;
  for (int i = 0; i < sentences; ++i) out += "This is " + word + " number " + std::to_string(i) + " of the text. ";
  return out;
}

TEST_CASE("what was read in pictures is found, under its headings and name; a new reading is indexed anew") {
  Project project;
  auto document =
      project.put("file:///a.md", "# 설치\n\n" + long_text(12) + "\n\n## 부팅\n\n![처음 화면](menu.png)\n\n끝.");
  static_cast<void>(project.build());
  const auto before = project.index->counts().chunks;
  stores::set_picture_texts(document,
                            {{"menu.png", "aa", "Graphical install\n\n고급 설정 " + long_text(20, "option")}});
  CHECK(project.warehouse->upsert(document) == stores::Upsert::updated);
  CHECK(project.build().indexed == 1);
  CHECK(project.index->counts().chunks > before + 1);  // longer than a passage: none of it is lost
  const auto prose = project.index->document(document.id)->prose;
  CHECK(prose == search_view(document).text);
  for (const char* query : {"graphical install", "고급 설정", "option number 19"}) {
    CAPTURE(query);
    const auto hits = project.index->lexical(query, 3);
    REQUIRE(!hits.empty());
    const auto chunk = project.index->chunk(hits.front().chunk_id);
    REQUIRE(chunk);
    CHECK(chunk->headings.back() == "Picture (read by OCR): 처음 화면");
    CHECK(chunk->headings.front() == "설치");
    CHECK(prose.substr(chunk->start, chunk->end - chunk->start) == chunk->text);
  }
  CHECK(project.build().unchanged == 1);
}

TEST_CASE("documents become chunks with vectors, found by words") {
  Project project;
  const auto english = project.put("file:///a.md", "# Setup\n\n" + long_text(30));
  const auto korean = project.put("file:///b.md", "## 설치\n\n패키지를 설치하는 방법을 설명한다.");
  const IndexReport report = project.build();
  CHECK(report.failures.empty());
  CHECK(report.documents == 2);
  CHECK(report.indexed == 2);
  CHECK(report.chunks > 3);
  CHECK(project.index->counts().chunks == report.chunks);
  CHECK(project.index->counts().vectors == report.chunks);
  const auto hits = project.index->lexical("설치하는 방법", 5);
  REQUIRE(!hits.empty());
  const auto chunk = project.index->chunk(hits.front().chunk_id);
  REQUIRE(chunk.has_value());
  CHECK(chunk->document_id == korean.id);
  CHECK(chunk->headings == std::vector<std::string>{"설치"});
  const auto entry = project.index->document(english.id);
  REQUIRE(entry.has_value());
  CHECK(entry->title == english.title);
  project.index->each_chunk([&](stores::Chunk&& c) {
    const auto document = project.index->document(c.document_id);
    CHECK(document->prose.substr(c.start, c.end - c.start) == c.text);
    return true;
  });
}

TEST_CASE("a near duplicate leaves the index, and comes back when it is chosen") {
  Project project;
  const auto first = project.put("file:///a.md", long_text(10));
  const auto second = project.put("file:///b.md", long_text(10));
  CHECK(project.build({second.id}).indexed == 1);
  CHECK(!project.index->document(second.id).has_value());
  const IndexReport other = project.build({first.id});
  CHECK(other.indexed == 1);
  CHECK(other.removed == 1);
  CHECK(!project.index->document(first.id).has_value());
  CHECK(project.index->document(second.id).has_value());
}

TEST_CASE("only what changed is done again, and what is gone is removed") {
  Project project;
  project.put("file:///a.md", long_text(20));
  const auto b = project.put("file:///b.md", long_text(20, "item"));
  const auto c = project.put("file:///c.md", long_text(20, "line"));
  project.build();
  const int before = project.embedder.texts();
  IndexReport report = project.build();
  CHECK(report.unchanged == 3);
  CHECK(report.indexed == 0);
  CHECK(project.embedder.texts() == before);

  project.put("file:///b.md", "Only one sentence is left.");
  project.warehouse->tombstone(c.id, 1);
  report = project.build();
  CHECK(report.unchanged == 1);
  CHECK(report.indexed == 1);
  CHECK(report.removed == 1);
  CHECK(project.embedder.texts() == before + 1);
  CHECK(!project.index->document(c.id).has_value());
  CHECK(project.index->document(b.id)->version == 2);
}

TEST_CASE("rules of a category and the embedding model are part of the key") {
  Project project;
  const auto a = project.put("file:///a.md", long_text(20));
  project.build();
  const std::string key = project.index->document(a.id)->feature_key;
  project.categories["articles"].chunk.max_tokens = 60;
  CHECK(project.build().indexed == 1);
  CHECK(project.index->document(a.id)->feature_key != key);
  project.categories["articles"].retrieval_weight = 2;
  CHECK(project.build().indexed == 1);
  CHECK(project.index->document(a.id)->weight == 2);
  project.embedder.hash = "model-b";
  project.embedder.dims = 16;
  CHECK(project.build().indexed == 1);
  CHECK(project.index->counts().dimension == 16);
  CHECK(project.build().indexed == 0);
}

TEST_CASE("another strategy makes the documents of its category again, and no others") {
  Project project;
  project.categories["posts"].id = "posts";
  const auto article = project.put("file:///a.md", "## A\n\n" + long_text(20));
  const auto post = project.put("file:///b.md", long_text(20, "item"), "posts");
  project.build();
  const std::string key = project.index->document(article.id)->feature_key;
  for (const char* strategy : {"sentence", "fixed", "semantic"}) {
    CAPTURE(strategy);
    project.categories["posts"].chunk.strategy = strategy;
    const IndexReport report = project.build();
    CHECK(report.failures.empty());
    CHECK(report.indexed == 1);
    CHECK(report.unchanged == 1);
    project.index->each_chunk([&](stores::Chunk&& c) {
      const auto document = project.index->document(c.document_id);
      CHECK(document->prose.substr(c.start, c.end - c.start) == c.text);
      return true;
    });
  }
  project.categories["articles"].chunk.semantic.percentile = 10;  // of another strategy
  CHECK(project.build().indexed == 0);
  project.categories["posts"].chunk.semantic.percentile = 10;
  CHECK(project.build().indexed == 1);
  project.categories["articles"].chunk.parent_tokens = 500;
  CHECK(project.build().indexed == 1);
  CHECK(project.index->document(article.id)->feature_key != key);
  bool parents = false;
  project.index->each_chunk([&](stores::Chunk&& c) {
    CHECK((c.parent.end > 0) == (c.document_id == article.id));
    parents |= c.parent.end > 0;
    return true;
  });
  CHECK(parents);
  project.categories["articles"].chunk.parent_tokens = 0;
  project.build();
  CHECK(project.index->document(article.id)->feature_key == key);
}

TEST_CASE("passages cut by meaning: in batches, the same in any size; an embedder that fails fails the document") {
  Project one, many;
  for (Project* project : {&one, &many}) {
    project->categories["articles"].chunk.strategy = "semantic";
    for (int i = 0; i < 4; ++i) {
      project->put("file:///" + std::to_string(i) + ".md", long_text(5 + 9 * i, "w" + std::to_string(i)));
    }
  }
  one.config.batch = 1;
  one.config.requests = 1;
  CHECK(one.build().failures.empty());
  CHECK(many.build().indexed == 4);
  CHECK(one.index->digest() == many.index->digest());
  CHECK(many.embedder.requests() < one.embedder.requests() / 4);

  Project bad;
  bad.categories["articles"].chunk.strategy = "semantic";
  bad.put("file:///a.md", long_text(20));
  bad.put("file:///bad.md", long_text(20, "poison"));
  bad.embedder.fail_on = [](const std::string& text) -> std::optional<Error> {
    if (text.find("poison") == std::string::npos) return std::nullopt;
    return Error{ErrorKind::invalid, "cannot embed", "", ""};
  };
  const IndexReport report = bad.build();
  CHECK(report.indexed == 1);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].where == "file:///bad.md");
}

TEST_CASE("batches hold texts of several documents and give the same index in any size") {
  Project one, many;
  for (int i = 0; i < 12; ++i) {
    for (Project* project : {&one, &many}) {
      project->put("file:///" + std::to_string(i) + ".md", long_text(1 + i, "w" + std::to_string(i)));
    }
  }
  one.config.batch = 1;
  one.config.requests = 1;
  many.config.batch = 16;
  many.config.requests = 4;
  const IndexReport report = one.build();
  CHECK(many.build().chunks == report.chunks);
  CHECK(one.index->digest() == many.index->digest());
  // And two for the general questions (center_queries.h).
  CHECK(one.embedder.requests() == report.chunks + 2);
  CHECK(many.embedder.requests() == (report.chunks + 15) / 16 + 2);
}

TEST_CASE("a text that cannot be embedded fails its document only; the next run tries it again") {
  Project project;
  project.put("file:///a.md", long_text(10));
  const auto bad = project.put("file:///bad.md", "A poisoned text.");
  project.put("file:///c.md", long_text(10, "other"));
  project.embedder.fail_on = [](const std::string& text) -> std::optional<Error> {
    if (text.find("poisoned") == std::string::npos) return std::nullopt;
    return Error{ErrorKind::invalid, "cannot embed", "", ""};
  };
  IndexReport report = project.build();
  CHECK(report.indexed == 2);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].where == "file:///bad.md");
  CHECK(!project.index->document(bad.id).has_value());
  project.embedder.fail_on = nullptr;
  report = project.build();
  CHECK(report.indexed == 1);
  CHECK(report.unchanged == 2);
}

TEST_CASE("a worker that restarts is asked again; one that is gone ends the run, and the next continues") {
  Project project;
  for (int i = 0; i < 6; ++i)
    project.put("file:///" + std::to_string(i) + ".md", long_text(30, "w" + std::to_string(i)));
  int failures_left = 2;
  project.config.requests = 1;
  project.embedder.fail_on = [&](const std::string&) -> std::optional<Error> {
    if (failures_left-- <= 0) return std::nullopt;
    return Error{ErrorKind::network, "connection refused", "", ""};
  };
  CHECK(project.build().failures.empty());

  Project gone;
  gone.config.batch = 16;
  for (int i = 0; i < 40; ++i) gone.put("file:///" + std::to_string(i) + ".md", long_text(30, "w" + std::to_string(i)));
  std::atomic<int> served = 0;
  gone.embedder.fail_on = [&](const std::string&) -> std::optional<Error> {
    if (served++ < 100) return std::nullopt;
    return Error{ErrorKind::network, "connection refused", "", ""};
  };
  CHECK_THROWS_AS(gone.build(), Fatal);
  const auto kept = gone.index->counts().documents;
  CHECK(kept > 0);
  CHECK(kept < 40);
  gone.embedder.fail_on = nullptr;
  const IndexReport report = gone.build();
  CHECK(report.unchanged == kept);
  CHECK(report.indexed == 40 - kept);
}

TEST_CASE("documents without a chunk are noted; an unknown category fails the document") {
  Project project;
  project.put("file:///empty.md", "");
  project.put("file:///heading.md", "# Only a heading");
  project.put("file:///odd.md", "Text.", "nonsense");
  const IndexReport report = project.build();
  CHECK(report.notes.size() == 2);
  CHECK(report.indexed == 2);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].where == "file:///odd.md");
  CHECK(project.build().unchanged == 2);
}

TEST_CASE("a stop keeps whole documents only") {
  Project project;
  project.config.batch = 16;
  for (int i = 0; i < 30; ++i)
    project.put("file:///" + std::to_string(i) + ".md", long_text(20, "w" + std::to_string(i)));
  std::atomic<int> requests = 0;
  project.embedder.on_request = [&] {
    if (++requests == 4) project.stop.request_stop();
  };
  const IndexReport report = project.build();
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].kind == ErrorKind::cancelled);
  CHECK(report.indexed < 30);
  std::set<std::string> with_chunks;
  project.index->each_chunk([&](stores::Chunk&& c) {
    with_chunks.insert(c.document_id);
    return true;
  });
  CHECK(static_cast<int>(with_chunks.size()) == report.indexed);
}

TEST_CASE("vectors of the wrong size fail their documents") {
  Project project;
  project.put("file:///a.md", "Some text.");
  project.build();
  project.put("file:///a.md", "Some other text.");
  class Liar final : public models::EmbeddingEngine {
   public:
    Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>&) override {
      return std::vector<std::vector<float>>{};
    }
    [[nodiscard]] int dimension() const override { return 8; }
    [[nodiscard]] int window_tokens() const override { return 128; }
    [[nodiscard]] std::string model_hash() const override { return "model-a"; }
  } liar;
  const IndexReport report = build_index(
      project.config,
      {*project.warehouse, *project.index, liar, project.tokenizer, project.categories, silent_progress(), {}});
  CHECK(report.failures.size() == 1);
  CHECK(report.indexed == 0);
}

}  // namespace
}  // namespace twin::feature
