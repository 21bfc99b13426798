#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>

#include "core/text/graphemes.h"
#include "feature/chunk/checks_for_test.h"

namespace twin::feature {
namespace {

using testing::check_invariants;
using testing::chunks_of;
using testing::Counted;
using testing::cut;
using testing::hashed_vectors;
using testing::numbered;
using testing::prose_of;
using testing::repeated;
using testing::strategies;
using testing::word_pieces;

/// One axis for each topic word, so that texts of one topic have the cosine 1 and of two topics 0.
struct Topics {
  std::vector<std::string> words;
  int calls = 0, texts = 0;
  EmbedTexts embed = [this](const std::vector<std::string>& all) -> Result<std::vector<std::vector<float>>> {
    ++calls;
    texts += static_cast<int>(all.size());
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : all) {
      std::vector<float> vector(words.size() + 1, 0.0F);
      float norm = 0;
      for (std::size_t i = 0; i < words.size(); ++i) {
        for (auto at = text.find(words[i]); at != std::string::npos; at = text.find(words[i], at + 1)) vector[i] += 1;
      }
      for (const float x : vector) norm += x * x;
      if (norm == 0) vector.back() = norm = 1;
      for (float& x : vector) x /= std::sqrt(norm);
      vectors.push_back(std::move(vector));
    }
    return vectors;
  };
};

/// Where characters begin, as a reader sees them.
std::set<std::size_t> boundaries(const std::string& text) {
  std::set<std::size_t> all = {0};
  for (std::size_t at = 0; at < text.size();) all.insert(at = text::grapheme_end(text, at));
  return all;
}

TEST_CASE("every strategy keeps every byte, the window, the offsets and the parents, whatever the document is") {
  std::mt19937 random(11);
  const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  for (int round = 0; round < 120; ++round) {
    const ProseView prose = testing::random_prose(random, round % 3 == 0);
    const int window = 24 + pick(300);
    ChunkRules rules{.max_tokens = 16 + pick(300), .min_tokens = pick(40)};
    if (pick(2) == 0) rules.overlap_tokens = pick(60);
    if (pick(2) == 0) rules.parent_tokens = 1 + pick(1500);
    rules.semantic.percentile = pick(101);
    rules.semantic.context_sentences = pick(3);
    const std::string title = pick(3) == 0 ? "" : "A title";
    const auto whole = boundaries(prose.text);
    for (const std::string& strategy : strategies) {
      CAPTURE(round);
      CAPTURE(strategy);
      const auto chunks = cut(strategy, prose, rules, window, title);
      check_invariants(prose, chunks, window);
      const auto again = cut(strategy, prose, rules, window, title);
      REQUIRE(again.size() == chunks.size());
      for (std::size_t i = 0; i < chunks.size(); ++i) CHECK(again[i].id == chunks[i].id);
      if (strategy == "structure") continue;
      for (const auto& chunk : chunks) {
        CHECK(whole.contains(chunk.start));
        CHECK(whole.contains(chunk.end));
      }
    }
  }
}

TEST_CASE("every strategy takes a megabyte without a space, a character of a thousand marks, and nothing") {
  const std::string marks = "e" + repeated("\u0301", 1000);
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    for (const std::string& letter : {std::string("x"), std::string("가"), std::string("👩‍👩‍👧")}) {
      const auto prose = prose_of({{"p", repeated(letter, static_cast<int>(1'000'000 / letter.size()))}});
      Counted counted;
      ChunkRules rules;
      rules.strategy = strategy;
      const auto chunks = chunk_document("d", 1, "T", prose, rules, 256, counted.count, hashed_vectors);
      REQUIRE(chunks.has_value());
      check_invariants(prose, *chunks, 256);
      CHECK(counted.calls < static_cast<int>(chunks->size()) * 6 + 50);
      CHECK(counted.longest < 256 * 16);
    }
    const auto odd = prose_of({{"p", "before " + marks + " after " + marks + marks}});
    check_invariants(odd, cut(strategy, odd, {.max_tokens = 40, .min_tokens = 4}), 256);
    CHECK(cut(strategy, ProseView{}, {}).empty());
    CHECK(cut(strategy, prose_of({{"#", "Only a heading"}}), {}).empty());
    CHECK(cut(strategy, prose_of({{"p", "x"}, {"##", "A heading at the end"}}), {}).size() == 1);
  }
}

TEST_CASE("strategies other than fixed keep code and tables whole where they fit, and lines where not") {
  const std::string code = repeated("  call one two\n", 20);
  const auto prose = prose_of({{"p", numbered(10, "word")}, {"code", code}, {"table", "a | b\n1 | 2"}});
  for (const char* strategy : {"structure", "sentence", "semantic"}) {
    CAPTURE(strategy);
    int holding = 0;
    for (const auto& chunk : cut(strategy, prose, {.max_tokens = 90, .min_tokens = 5})) {
      holding += chunk.text.find("call one two\n") != std::string::npos ? 1 : 0;
    }
    CHECK(holding == 1);
    for (const auto& chunk : cut(strategy, prose, {.max_tokens = 32, .min_tokens = 5})) {
      if (chunk.text.ends_with("call") || chunk.text.ends_with("one")) FAIL("a line was cut");
    }
  }
}

TEST_CASE("sentence: filled with sentences across paragraphs, within a section") {
  std::vector<std::pair<std::string, std::string>> blocks(12, {"p", numbered(2, "item")});
  blocks.emplace_back("##", "설치");
  blocks.emplace_back("p", "패키지를 내려받는다. 그다음 설치한다.");
  const auto prose = prose_of(blocks);
  const ChunkRules rules{.max_tokens = 49, .min_tokens = 8};  // five of these sentences, or two of these paragraphs
  const auto chunks = cut("sentence", prose, rules);
  check_invariants(prose, chunks, 256);
  for (const auto& chunk : chunks) CHECK(chunk.text.ends_with("."));
  bool ends_in_a_paragraph = false;  // behind its first sentence
  for (const auto& chunk : chunks) ends_in_a_paragraph |= chunk.text.ends_with("number 0 here.");
  CHECK(ends_in_a_paragraph);
  CHECK(chunks.size() < cut("structure", prose, rules).size());
  CHECK(chunks.back().headings == std::vector<std::string>{"설치"});
  CHECK(chunks.back().text == "패키지를 내려받는다. 그다음 설치한다.");
}

TEST_CASE("sentence: the overlap is as many whole sentences as it holds") {
  const auto prose = prose_of({{"p", numbered(40, "item")}});
  const int sentence = word_pieces("The item has the number 7 here. ");
  const auto chunks =
      cut("sentence", prose, {.max_tokens = 8 * sentence, .min_tokens = 8, .overlap_tokens = 2 * sentence + 1});
  check_invariants(prose, chunks, 256);
  REQUIRE(chunks.size() > 3);
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    CHECK(chunks[i].text.starts_with("The item"));
    const std::string shared = prose.text.substr(chunks[i].start, chunks[i - 1].end - chunks[i].start);
    CHECK(std::count(shared.begin(), shared.end(), '.') == 2);
  }
}

TEST_CASE("fixed: windows of as many words as fit, across sections, with an overlap of words") {
  const auto prose = prose_of({{"#", "Title"},
                               {"p", repeated("word ", 300)},
                               {"##", "Next"},
                               {"p", repeated("낱말을 ", 300)},
                               {"code", repeated("x = 1\n", 100)}});
  const ChunkRules rules{.max_tokens = 100, .min_tokens = 20, .overlap_tokens = 20};
  const auto chunks = cut("fixed", prose, rules);
  check_invariants(prose, chunks, 256);
  bool crosses = false;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const int tokens = word_pieces(chunks[i].text);
    CHECK(tokens <= 100);
    if (i + 2 < chunks.size()) CHECK(tokens >= 70);
    crosses |= chunks[i].text.find("Next") != std::string::npos;
    if (i == 0) continue;
    CHECK(chunks[i].start < chunks[i - 1].end);
    CHECK(prose.text[chunks[i].start - 1] != 'o');  // not inside a word
    const int shared = word_pieces(prose.text.substr(chunks[i].start, chunks[i - 1].end - chunks[i].start));
    CHECK(shared <= 20);
    CHECK(shared >= 15);
  }
  CHECK(crosses);
  CHECK(chunks.front().headings.empty());
  CHECK(chunks.back().headings == std::vector<std::string>{"Next"});
  CHECK(word_pieces(chunks.back().text) >= 20);
}

TEST_CASE("fixed: text without spaces is cut between characters, never inside one") {
  for (const std::string& unit : {std::string("漢字の文。"), std::string("👩‍👩‍👧🇰🇷"),
                                  std::string("e\u0323\u0301"), std::string("각각")}) {
    const auto prose = prose_of({{"p", repeated(unit, 700)}, {"p", "a " + repeated(" \u0301", 300)}});
    const auto whole = boundaries(prose.text);
    const auto chunks = cut("fixed", prose, {.max_tokens = 30, .min_tokens = 4, .overlap_tokens = 8}, 64);
    CHECK(chunks.size() > 10);
    check_invariants(prose, chunks, 64);
    for (const auto& chunk : chunks) {
      CHECK(whole.contains(chunk.start));
      CHECK(whole.contains(chunk.end));
    }
  }
}

TEST_CASE("semantic: passages end where the topic changes") {
  Topics topics{.words = {"bread", "trains", "커널"}};
  const std::string text = numbered(7, "bread") + numbered(5, "trains") + repeated("커널은 프로세스를 관리한다. ", 6);
  const auto prose = prose_of({{"p", text}, {"##", "Short"}, {"p", "A bread. A word."}});
  ChunkRules rules{.strategy = "semantic", .max_tokens = 200, .min_tokens = 10};
  rules.semantic = {.percentile = 80, .context_sentences = 0};
  const auto chunks = chunks_of(prose, rules, 256, "Title", topics.embed);
  check_invariants(prose, chunks, 256);
  REQUIRE(chunks.size() == 4);
  CHECK(chunks[0].text.find("trains") == std::string::npos);
  CHECK(chunks[1].text.find("bread") == std::string::npos);
  CHECK(chunks[1].text.find("trains") != std::string::npos);
  CHECK(chunks[2].text.starts_with("커널"));
  CHECK(topics.calls == 1);
  CHECK(topics.texts == 18);  // the short section is not cut, so not embedded
  rules.semantic.context_sentences = 1;
  CHECK(chunks_of(prose, rules, 256, "Title", topics.embed).size() == 4);
}

TEST_CASE("semantic: the size holds where nothing changes, and crumbs are not left alone") {
  Topics topics{.words = {"bread"}};
  const auto prose = prose_of({{"p", numbered(60, "bread")}});
  ChunkRules rules{.strategy = "semantic", .max_tokens = 60, .min_tokens = 20};
  const auto chunks = chunks_of(prose, rules, 256, "Title", topics.embed);
  check_invariants(prose, chunks, 256);
  for (const auto& chunk : chunks) {
    CHECK(word_pieces(chunk.text) <= 60);
    CHECK(word_pieces(chunk.text) >= 20);
  }
  rules.semantic.percentile = 0;  // every step but the smallest ends a passage that is large enough
  for (const auto& chunk : chunks_of(prose, rules, 256, "Title", hashed_vectors)) {
    CHECK(word_pieces(chunk.text) >= 20);
  }
}

TEST_CASE("semantic: without an embedder, or with one that fails, the document fails with the reason") {
  const auto prose = prose_of({{"p", numbered(40, "word")}});
  Counted counted;
  ChunkRules rules;
  rules.strategy = "semantic";
  const auto none = chunk_document("d", 1, "T", prose, rules, 256, counted.count);
  REQUIRE(!none.has_value());
  CHECK(none.error().kind == ErrorKind::usage);
  const auto broken = chunk_document("d", 1, "T", prose, rules, 256, counted.count,
                                     [](const std::vector<std::string>&) -> Result<std::vector<std::vector<float>>> {
                                       return fail(ErrorKind::network, "worker gone");
                                     });
  REQUIRE(!broken.has_value());
  CHECK(broken.error().kind == ErrorKind::network);
  rules.strategy = "by-moon-phase";
  CHECK(chunk_document("d", 1, "T", prose, rules, 256, counted.count).error().kind == ErrorKind::usage);
}

}  // namespace
}  // namespace twin::feature
