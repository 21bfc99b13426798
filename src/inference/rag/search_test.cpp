#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/files.h"
#include "inference/fakes.h"
#include "inference/rag/rag.h"
#include "inference/rag/search.h"

using namespace twin;
using namespace twin::inference;

namespace {

struct Setup {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "package", "banana", "커널"}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  RetrievalConfig config;

  Setup() {
    put(*index, embedder, "kernel", "articles", 1.0,
        {"The kernel schedules processes.", "A kernel module is loaded at boot."});
    put(*index, embedder, "package", "articles", 1.0,
        {"A package is installed by apt.", "Remove a package with purge."});
    put(*index, embedder, "korean", "articles", 1.0, {"커널은 프로세스를 관리한다.", "바나나는 과일이다."});
  }
  std::vector<Passage> find(const std::string& query, int k = 3, const stores::IndexFilter& filter = {}) {
    return value_or_throw(search(*index, embedder, query, k, config, filter));
  }
};

std::vector<std::string> documents(const std::vector<Passage>& passages) {
  std::vector<std::string> ids;
  ids.reserve(passages.size());
  for (const Passage& p : passages) ids.push_back(p.document_id);
  return ids;
}

}  // namespace

TEST_CASE("the passage that matches in words and meaning comes first, complete") {
  Setup setup;
  const auto found = setup.find("How does the kernel schedule processes?");
  REQUIRE(found.size() == 3);
  CHECK(found[0].document_id == "kernel");
  CHECK(found[0].text == "The kernel schedules processes.");
  CHECK(found[0].rank == 1);
  CHECK(found[1].rank == 2);
  CHECK(found[0].score >= found[1].score);
  CHECK(found[0].url == "https://example.org/kernel");
  CHECK(found[0].title == "About kernel");
  CHECK(found[0].heading == "About kernel › Part 1");
  CHECK(found[0].end - found[0].start == found[0].text.size());
  CHECK(found[0].parts.contains("lexical"));
  CHECK(found[0].parts.contains("dense"));
}

TEST_CASE("a question in a language that the model does not know is searched by its words, which is said") {
  Setup setup;
  const auto found = [&](const std::string& query) {
    return value_or_throw(find_passages({*setup.index, setup.embedder}, {query, 3}, setup.config));
  };
  CHECK_FALSE(found("커널은 무엇을 관리하나").words_alone);
  CHECK(found("커널은 무엇을 관리하나").passages.at(0).parts.contains("dense"));
  setup.index->set_query_centering({1, std::vector<float>(5, 0.1F), {}, {"ko"}});
  const int calls = setup.embedder.calls;
  const auto korean = found("커널은 무엇을 관리하나");
  CHECK(korean.words_alone);
  REQUIRE_FALSE(korean.passages.empty());
  CHECK(korean.passages[0].text == "커널은 프로세스를 관리한다.");
  CHECK_FALSE(korean.passages[0].parts.contains("dense"));
  CHECK(setup.embedder.calls == calls);
  CHECK_FALSE(found("what does the kernel do").words_alone);
  setup.config.lexical_weight = 0;  // who asks for the vectors alone gets them
  CHECK_FALSE(found("커널은 무엇을 관리하나").words_alone);
  CHECK(found("커널은 무엇을 관리하나").passages.at(0).parts.contains("dense"));
}

TEST_CASE("a passage is found by what its picture shows, once, and says by which one") {
  Setup setup;
  const std::vector<float> banana = setup.embedder.vector("banana"), package = setup.embedder.vector("package");
  put(*setup.index, setup.embedder, "album", "articles", 1.0, {"What we had for breakfast.", "Where we went then."},
      {{0, "img/breakfast.png", "aa", banana}, {0, "img/box.png", "bb", package}, {1, "img/road.png", "cc", package}});
  const auto found = setup.find("banana", 8);
  const auto album = std::find_if(found.begin(), found.end(), [](const Passage& p) {
    return p.document_id == "album" && p.text == "What we had for breakfast.";
  });
  REQUIRE(album != found.end());
  CHECK(album->picture == "img/breakfast.png");
  CHECK(album->parts.at("image") == doctest::Approx(1));
  CHECK(to_json(*album).at("picture") == "img/breakfast.png");
  CHECK(std::count_if(found.begin(), found.end(), [&](const Passage& p) { return p.text == album->text; }) == 1);
  CHECK(album - found.begin() < 3);  // its words and their vector say nothing of bananas
  for (const Passage& passage : found) {
    CHECK(passage.picture.empty() == !passage.parts.contains("image"));
    CHECK(to_json(passage).contains("picture") == !passage.picture.empty());
  }
  // Without pictures, or without their weight, nothing is different.
  setup.config.image_weight = 0;
  for (const Passage& passage : setup.find("banana", 8)) CHECK(passage.picture.empty());
}

TEST_CASE("pictures that are no nearer than others move nothing") {
  Setup setup, with;
  put(*setup.index, setup.embedder, "album", "articles", 1.0, {"What we had for breakfast."});
  put(*with.index, with.embedder, "album", "articles", 1.0, {"What we had for breakfast."},
      {{0, "a.png", "aa", with.embedder.vector("banana")}});
  const std::string question = "How does the kernel schedule processes?";
  CHECK(documents(setup.find(question)) == documents(with.find(question)));
}

TEST_CASE("a picture that is searched for finds passages with pictures like it, nearest first") {
  Setup setup;
  const std::vector<float> banana = setup.embedder.vector("banana"), kernel = setup.embedder.vector("kernel");
  SearchRequest request;
  request.picture = banana;
  const SearchTools tools{*setup.index, setup.embedder};
  setup.config.rerank = "llm";  // it has nothing to judge by
  // No picture anywhere: by texts.
  auto found = find_passages(tools, request, setup.config);
  REQUIRE(found);
  CHECK(found->passages.at(0).parts.contains("dense"));

  put(*setup.index, setup.embedder, "album", "articles", 1.0, {"One page.", "Another page.", "A third page."},
      {{1, "k.png", "aa", kernel}, {2, "b.png", "bb", banana}});
  found = find_passages(tools, request, setup.config);
  REQUIRE(found);
  REQUIRE(found->passages.size() == 2);
  CHECK(found->passages[0].text == "A third page.");
  CHECK(found->passages[0].picture == "b.png");
  CHECK(found->passages[0].rank == 1);
  CHECK(found->passages[1].picture == "k.png");
  request.filter.document_ids = {"kernel"};
  CHECK(find_passages(tools, request, setup.config)->passages.at(0).picture.empty());
}

TEST_CASE("Korean questions find Korean passages") {
  Setup setup;
  CHECK(setup.find("커널이 하는 일은?").at(0).text == "커널은 프로세스를 관리한다.");
}

TEST_CASE("the category's weight moves passages, weight 0 removes them") {
  Setup setup;
  const std::vector<std::string> note = {"A kernel note, written in a hurry."};
  put(*setup.index, setup.embedder, "post", "posts", 0.02, note);
  CHECK(setup.find("kernel").at(0).document_id == "kernel");
  put(*setup.index, setup.embedder, "post", "posts", 50.0, note);
  CHECK(setup.find("kernel").at(0).document_id == "post");
  put(*setup.index, setup.embedder, "post", "posts", 0.0, {"A note on the kernel, the kernel, the kernel."});
  const auto found = documents(setup.find("kernel", 50));
  CHECK(std::count(found.begin(), found.end(), "post") == 0);
}

TEST_CASE("repeated and overlapping passages are found once") {
  Setup setup;
  put(*setup.index, setup.embedder, "copy", "articles", 1.0, {"The kernel schedules processes."});
  stores::IndexedDocument document;
  document.id = "overlap";
  document.version = 1;
  document.feature_key = "k";
  document.prose = "Bananas are yellow. Bananas are sweet. Bananas are long.";
  std::vector<stores::Chunk> chunks;
  for (const auto& [start, end] : std::vector<std::pair<std::size_t, std::size_t>>{{0, 38}, {10, 56}, {39, 56}}) {
    stores::Chunk chunk;
    chunk.id = "o" + std::to_string(start);
    chunk.document_id = "overlap";
    chunk.document_version = 1;
    chunk.start = start;
    chunk.end = end;
    chunk.text = document.prose.substr(start, end - start);
    chunk.retrieval = chunk.text;
    chunks.push_back(chunk);
  }
  const auto vector = setup.embedder.vector("banana");
  REQUIRE(setup.index->replace(document, chunks, {vector, vector, vector}));

  std::vector<std::string> texts;
  for (const Passage& p : setup.find("kernel schedules processes", 50)) texts.push_back(p.text);
  CHECK(std::count(texts.begin(), texts.end(), "The kernel schedules processes.") == 1);
  std::vector<Passage> bananas;
  for (const Passage& p : setup.find("banana bananas", 50)) {
    if (p.document_id == "overlap") bananas.push_back(p);
  }
  for (std::size_t i = 0; i < bananas.size(); ++i) {
    for (std::size_t j = i + 1; j < bananas.size(); ++j) {
      const bool apart = bananas[i].end <= bananas[j].start || bananas[j].end <= bananas[i].start;
      CHECK(apart);
    }
  }
  CHECK_FALSE(bananas.empty());
}

TEST_CASE("k, filters and the retrievers' weights are honoured") {
  Setup setup;
  CHECK(setup.find("kernel", 1).size() == 1);
  stores::IndexFilter filter;
  filter.document_ids = {"package"};
  for (const std::string& id : documents(setup.find("kernel", 10, filter))) CHECK(id == "package");
  setup.config.dense_weight = 0;
  const int calls = setup.embedder.calls;
  const auto lexical = setup.find("kernel");
  CHECK(setup.embedder.calls == calls);
  REQUIRE_FALSE(lexical.empty());
  CHECK_FALSE(lexical[0].parts.contains("dense"));
  setup.config.dense_weight = 1;
  setup.config.lexical_weight = 0;
  CHECK_FALSE(setup.find("kernel").at(0).parts.contains("lexical"));
}

TEST_CASE("the same question gives the same passages") {
  Setup setup;
  const auto once = setup.find("package or kernel?", 6), twice = setup.find("package or kernel?", 6);
  REQUIRE(once.size() == twice.size());
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(to_json(once[i]) == to_json(twice[i]));
}

TEST_CASE("odd questions are no errors") {
  Setup setup;
  CHECK(setup.find("").empty());
  CHECK(setup.find("  \n\t").empty());
  for (const char* query : {"\"", "kernel AND (", "NEAR/3 * ^ :", "\xff\xfe", "' OR 1=1 --", "🙂"}) {
    CAPTURE(query);
    CHECK_NOTHROW((void)setup.find(query));
  }
}

TEST_CASE("a question longer than the embedder's window is embedded by its beginning") {
  Setup setup;
  setup.embedder.window = 200;
  std::string query = "kernel ";
  while (query.size() < 5000) query += "과일 and so on ";
  CHECK_FALSE(setup.find(query).empty());
  setup.embedder.window = 10;
  const auto hopeless = search(*setup.index, setup.embedder, query, 3, setup.config);
  REQUIRE_FALSE(hopeless);
  CHECK(hopeless.error().kind == ErrorKind::limit);
}

TEST_CASE("an empty index finds nothing and asks no embedder; a failing embedder is an error") {
  const TempFolder folder;
  const auto empty = stores::open_index(folder.path());
  Setup setup;
  const int calls = setup.embedder.calls;
  CHECK(value_or_throw(search(*empty, setup.embedder, "kernel", 3, setup.config)).empty());
  CHECK(setup.embedder.calls == calls);
  setup.embedder.failures = 1;
  const auto failed = search(*setup.index, setup.embedder, "kernel", 3, setup.config);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::network);
}

namespace {

/// Puts the passage with this text first.
class Favourite final : public Reranker {
 public:
  explicit Favourite(std::string text) : text_(std::move(text)) {}
  Result<std::vector<double>> score(const std::string&, const std::vector<Passage>& passages,
                                    const std::stop_token&) override {
    std::vector<double> scores;
    for (const Passage& passage : passages) scores.push_back(passage.text == text_ ? 1 : 0);
    return scores;
  }

 private:
  std::string text_;
};

}  // namespace

TEST_CASE("a reranker has the last word, and every score is shown") {
  Setup setup;
  Favourite reranker("A kernel module is loaded at boot.");
  setup.config.rerank = "learned";
  const SearchRequest request{"How does the kernel schedule processes?", 3, {}, {}};
  const auto found = value_or_throw(find_passages({*setup.index, setup.embedder, &reranker}, request, setup.config));
  REQUIRE(found.passages.size() == 3);
  CHECK(found.passages[0].text == "A kernel module is loaded at boot.");
  CHECK(found.passages[0].rank == 1);
  CHECK(found.passages[0].fused_rank > 1);
  CHECK(found.passages[1].text == "The kernel schedules processes.");
  CHECK(found.passages[1].fused_rank == 1);
  CHECK(found.rerank.judged == found.candidates);
  CHECK(found.fusion == "weighted");
  const Json json = to_json(found.passages[0]);
  CHECK(json.at("rerank") == 1.0);
  CHECK(json.at("fusion").at("rank") == found.passages[0].fused_rank);
  CHECK(json.at("fusion").at("shares").size() == 2);
  const auto missing = find_passages({*setup.index, setup.embedder}, request, setup.config);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::usage);
  CHECK(to_json(setup.find("kernel").at(0)).at("rerank").is_null());
}

TEST_CASE("every fusion finds the passage, and honours the category's weight") {
  Setup setup;
  for (const std::string& fusion : stores::fusion_names()) {
    CAPTURE(fusion);
    setup.config.fusion = fusion;
    CHECK(setup.find("How does the kernel schedule processes?").at(0).text == "The kernel schedules processes.");
  }
  put(*setup.index, setup.embedder, "post", "posts", 50.0, {"A kernel note, written in a hurry."});
  for (const std::string& fusion : stores::fusion_names()) {
    CAPTURE(fusion);
    setup.config.fusion = fusion;
    CHECK(setup.find("kernel").at(0).document_id == "post");
  }
}

TEST_CASE("recent documents come before old ones that match as well, if wanted") {
  Setup setup;
  const auto dated = [&](const std::string& id, UnixMillis published) {
    stores::IndexedDocument document;
    document.id = id;
    document.version = 1;
    document.feature_key = "k";
    document.published = published;
    document.prose = "The banana harvest of " + id + ".";
    stores::Chunk chunk;
    chunk.id = id;
    chunk.document_id = id;
    chunk.document_version = 1;
    chunk.end = document.prose.size();
    chunk.text = chunk.retrieval = document.prose;
    value_or_throw(setup.index->replace(document, {chunk}, {setup.embedder.vector(chunk.text)}));
  };
  dated("a-undated", 0);
  dated("b-old", 1'000'000'000'000);
  dated("c-new", system_clock().now());
  CHECK(setup.find("banana harvest").at(0).document_id == "a-undated");
  for (const std::string& fusion : stores::fusion_names()) {
    setup.config.fusion = fusion;
    setup.config.recency_days = 30;
    CHECK(setup.find("banana harvest").at(0).document_id == "c-new");
    setup.config.recency_days = 0;
    CHECK(setup.find("banana harvest").at(0).document_id == "a-undated");
  }
}

TEST_CASE("a page that shows the matter in several passages comes before one that holds a word of it by chance") {
  Setup setup;
  put(*setup.index, setup.embedder, "chance", "articles", 1.0,
      {"Of the banana, a kernel.", "Apples are red.", "Pears are green."});
  put(*setup.index, setup.embedder, "page", "articles", 1.0,
      {"Of the banana, a kernel too.", "The banana ripens.", "A banana is peeled."});
  setup.config.spread_below = 0;
  setup.config.page_evidence = 0;
  CHECK(setup.find("banana kernel").at(0).page == 0);
  CHECK(setup.find("banana kernel").at(0).document_id == "chance");  // the shorter passage
  setup.config.page_evidence = 0.5;
  const auto found = setup.find("banana kernel");
  CHECK(found.at(0).document_id == "page");
  CHECK(found[0].page > 0);
  CHECK(to_json(found[0]).at("fusion").at("page") == found[0].page);
}

TEST_CASE("where words do not say which passage is meant, one passage of each document comes first") {
  Setup setup;
  setup.config.page_evidence = 0;
  const std::string vague = "Which fruity kernel thing schedules whom, yesterday or tomorrow?";
  setup.config.spread_below = 0;
  const auto together = documents(setup.find(vague, 2));
  CHECK(together == std::vector<std::string>{"kernel", "kernel"});
  setup.config.spread_below = 0.8;
  const auto apart = documents(setup.find(vague, 2));
  CHECK(apart[0] == "kernel");
  CHECK(apart[1] != "kernel");
  CHECK(setup.find(vague, 6).size() == 6);  // nothing is lost
  // Words that one passage holds all of ask for passages.
  CHECK(documents(setup.find("kernel", 2)) == std::vector<std::string>{"kernel", "kernel"});
  setup.config.max_per_document = 2;  // said by the user
  CHECK(documents(setup.find(vague, 2)) == together);
}
