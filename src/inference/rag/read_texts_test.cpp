#include "inference/rag/read_texts.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>

#include "core/files.h"
#include "inference/fakes.h"
#include "inference/rag/choose.h"
#include "inference/rag/content_terms.h"
#include "inference/rag/lexical_weight.h"
#include "inference/rag/search.h"
#include "inference/rag/z_scores.h"
#include "stores/index/tokenizer.h"

using namespace twin;
using namespace twin::inference;

namespace {

using Names = std::set<std::string>;

const std::vector<std::string>& vocabulary() {
  static const std::vector<std::string> words = {"kernel", "package", "banana", "커널을", "프로세스는", "관리한다",
                                                 "loads",  "modules", "boots",  "the",    "설치에서",   "자료의"};
  return words;
}

std::string sentence(std::mt19937& random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += vocabulary()[random() % vocabulary().size()] + " ";
  return text;
}

struct Archive {
  TempFolder folder;
  WordEmbedder embedder{{"kernel", "package", "banana", "커널", "자료"}};
  std::unique_ptr<stores::Index> index = stores::open_index(folder.path());
  RetrievalConfig config;

  Archive() {
    std::mt19937 random(41);
    for (int i = 0; i < 60; ++i) {
      std::vector<std::string> texts;
      for (int t = 0; t < 3; ++t) texts.push_back(sentence(random, 4 + static_cast<int>(random() % 8)));
      if (i % 9 == 4) texts.push_back("the kernel manages the package");  // said over and over
      put(*index, embedder, "d" + std::to_string(i), "articles", i % 7 == 0 ? 1.5 : 1.0, texts);
    }
  }
};

Names words_of(const stores::IndexedPassage& passage) {
  Names words;
  stores::Tokenizer tokenizer;
  for (const std::string& text :
       {passage.document.title, stores::heading_path(passage.chunk), passage.chunk.retrieval}) {
    tokenizer.tokenize(text, stores::Tokenizer::Purpose::document,
                       [&](const stores::Token& token) { words.emplace(token.text); });
  }
  return words;
}

/// best_coverage() by reading every text.
double coverage_by_reading(const std::string& query, const std::vector<stores::IndexedPassage>& passages) {
  std::vector<Names> texts;
  for (const auto& passage : passages) texts.push_back(words_of(passage));
  double all = 0, best = 0;
  std::vector<double> sums(texts.size());
  for (const std::string& token : stores::query_tokens(content_words(query))) {
    const auto holding = std::count_if(texts.begin(), texts.end(), [&](const Names& t) { return t.contains(token); });
    const double weight = std::log((static_cast<double>(texts.size()) + 1) / (static_cast<double>(holding) + 0.5));
    all += weight;
    for (std::size_t i = 0; i < texts.size(); ++i) sums[i] += texts[i].contains(token) ? weight : 0;
  }
  for (const double sum : sums) best = std::max(best, sum);
  return all > 0 ? best / all : 0;
}

/// What find_passages() finds, when every candidate is read before anything is decided.
std::vector<Passage> found_by_reading(Archive& archive, const SearchRequest& request) {
  const RetrievalConfig& config = archive.config;
  const auto fusion = stores::fusion_of(config.fusion);
  auto lists = value_or_throw(retrieve({*archive.index, archive.embedder}, request, config));
  std::vector<std::string> ids;
  for (const auto& hit : stores::fuse(fusion, lists, 2 * config.candidates)) ids.push_back(hit.chunk_id);
  std::map<std::string, stores::IndexedPassage> read;
  auto texts = archive.index->passages(ids);
  std::vector<std::string> languages;
  for (const auto& list : lists) {
    for (const auto& hit : list.hits) {
      if (list.retriever == "dense") languages.push_back(archive.index->passages({hit.chunk_id})[0].document.language);
    }
  }
  const double evidence = coverage_by_reading(request.query, texts) * sayable_share(request.query, languages);
  for (auto& list : lists) {
    if (list.retriever == "lexical" && lists.size() > 1) list.weight *= lexical_gain(fusion, evidence);
  }
  for (auto& passage : texts) read.emplace(passage.chunk.id, std::move(passage));
  const auto hits = stores::fuse(fusion, lists, 2 * config.candidates);
  std::vector<double> scores;
  for (const auto& hit : hits) scores.push_back(hit.score);
  if (fusion != stores::Fusion::zscore) scores = z_scores(scores);
  std::vector<Passage> passages;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const stores::IndexedPassage& found = read.at(hits[i].chunk_id);
    Passage passage;
    passage.chunk_id = found.chunk.id;
    passage.document_id = found.document.id;
    passage.text = found.chunk.text;
    passage.start = found.chunk.start;
    passage.end = found.chunk.end;
    passage.score = scores[i] + std::log(found.document.weight);
    passages.push_back(passage);
  }
  std::stable_sort(passages.begin(), passages.end(),
                   [](const Passage& a, const Passage& b) { return a.score > b.score; });
  passages = without_repetitions(std::move(passages));
  passages.resize(std::min(passages.size(), static_cast<std::size_t>(request.k)));
  return passages;
}

}  // namespace

TEST_CASE("searches that read only what they show find what reading everything finds, in the same order") {
  Archive archive;
  archive.config.page_evidence = archive.config.spread_below = 0;  // what comes after the fusion is tested elsewhere
  std::mt19937 random(42);
  std::size_t shown = 0;
  for (const std::string& fusion : stores::fusion_names()) {
    archive.config.fusion = fusion;
    for (int i = 0; i < 40; ++i) {
      const SearchRequest request{sentence(random, 1 + static_cast<int>(random() % 5)), 8, {}, {}};
      const auto expected = found_by_reading(archive, request);
      const auto found = value_or_throw(find_passages({*archive.index, archive.embedder}, request, archive.config));
      REQUIRE(found.passages.size() == expected.size());
      for (std::size_t p = 0; p < expected.size(); ++p) {
        CHECK(found.passages[p].chunk_id == expected[p].chunk_id);
        CHECK(found.passages[p].score == doctest::Approx(expected[p].score));
        CHECK(found.passages[p].text == expected[p].text);
        CHECK(found.passages[p].heading.starts_with("About "));
        CHECK_FALSE(found.passages[p].unread);
        ++shown;
      }
    }
  }
  CHECK(shown > 500);
}

TEST_CASE("what left the index between search and reading is left out, and ranks count on") {
  Archive archive;
  const auto lists = value_or_throw(retrieve({*archive.index, archive.embedder}, {"kernel modules", 5, {}, {}}, {}));
  auto passages = fused_passages(*archive.index, "kernel modules", lists, {});
  passages.resize(5);
  for (std::size_t i = 0; i < 5; ++i) passages[i].rank = static_cast<int>(i) + 1;
  const std::string gone = passages[1].document_id;
  passages[1].unread = 1;  // also where its text was read to compare it
  archive.index->remove(gone);
  read_texts(*archive.index, passages, 5);
  CHECK(passages.size() < 5);
  int rank = 0;
  for (const Passage& passage : passages) {
    CHECK(passage.rank == ++rank);
    CHECK_FALSE(passage.unread);
    CHECK_FALSE(passage.text.empty());
  }
}

TEST_CASE("a reranker gets texts of what it is to judge") {
  Archive archive;
  struct Lengths final : Reranker {
    Result<std::vector<double>> score(const std::string&, const std::vector<Passage>& passages,
                                      const std::stop_token&) override {
      std::vector<double> scores;
      for (const Passage& passage : passages) {
        CHECK_FALSE(passage.text.empty());
        scores.push_back(static_cast<double>(passage.text.size()));
      }
      return scores;
    }
  } reranker;
  archive.config.rerank = "learned";
  archive.config.rerank_candidates = 20;
  const auto found = value_or_throw(
      find_passages({*archive.index, archive.embedder, &reranker}, {"kernel modules", 25, {}, {}}, archive.config));
  REQUIRE(found.passages.size() == 25);
  for (std::size_t i = 1; i < 20; ++i) CHECK(found.passages[i - 1].text.size() >= found.passages[i].text.size());
  for (const Passage& passage : found.passages) CHECK_FALSE(passage.text.empty());
}
