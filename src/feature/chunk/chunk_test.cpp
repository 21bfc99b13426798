#include "feature/chunk/chunk.h"

#include <doctest/doctest.h>

#include <random>

#include "feature/chunk/checks_for_test.h"
#include "feature/chunk/units.h"

namespace twin::feature {
namespace {

using testing::check_invariants;
using testing::chunks_of;
using testing::Counted;
using testing::prose_of;
using testing::repeated;
using testing::word_pieces;

TEST_CASE("headings open sections and become the path of their chunks") {
  const auto prose = prose_of({{"#", "Title"},
                               {"p", "Before any section."},
                               {"##", "Install"},
                               {"p", "Run the installer."},
                               {"###", "From a  disk"},
                               {"p", "Insert it."},
                               {"##", "Empty"},
                               {"##", "설정"},
                               {"p", "파일을 고친다."}});
  const auto chunks = chunks_of(prose);
  REQUIRE(chunks.size() == 4);
  CHECK(chunks[0].headings.empty());
  CHECK(chunks[1].headings == std::vector<std::string>{"Install"});
  CHECK(chunks[2].headings == std::vector<std::string>{"Install", "From a disk"});
  CHECK(chunks[3].headings == std::vector<std::string>{"설정"});
  CHECK(chunks[3].text == "파일을 고친다.");
  CHECK(chunks[2].retrieval.find("From a disk") != std::string::npos);
  check_invariants(prose, chunks, 256);
}

TEST_CASE("paragraphs of a section share a chunk as long as they fit") {
  const std::string paragraph = repeated("word ", 40);
  const auto prose = prose_of({{"p", paragraph}, {"p", paragraph}, {"p", paragraph}});
  const auto chunks = chunks_of(prose, {.max_tokens = 100, .min_tokens = 10});
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[0].text.find("\n\n") != std::string::npos);
  check_invariants(prose, chunks, 256);
}

TEST_CASE("code stays whole when it fits and is else cut between lines") {
  const std::string code = repeated("  call one two\n", 20);
  const auto prose = prose_of({{"p", repeated("word ", 50)}, {"code", code}});
  const auto whole = chunks_of(prose, {.max_tokens = 70, .min_tokens = 5});
  REQUIRE(whole.size() == 2);
  CHECK(whole[1].text.substr(0, 6) == "  call");
  const auto lines = chunks_of(prose, {.max_tokens = 32, .min_tokens = 5});
  CHECK(lines.size() > 3);
  for (const auto& chunk : lines) {
    if (chunk.text.find("call") != std::string::npos) CHECK(chunk.text.substr(chunk.text.size() - 3) == "two");
  }
  check_invariants(prose, lines, 256);
}

TEST_CASE("long paragraphs are cut between sentences") {
  std::string paragraph;
  for (int i = 0; i < 30; ++i) paragraph += "This is sentence number " + std::to_string(i) + ". ";
  const auto prose = prose_of({{"p", paragraph}});
  const auto chunks = chunks_of(prose, {.max_tokens = 40, .min_tokens = 8});
  CHECK(chunks.size() > 3);
  for (const auto& chunk : chunks) {
    CHECK(chunk.text.back() == '.');
    CHECK(chunk.text.substr(0, 4) == "This");
  }
  check_invariants(prose, chunks, 256);
}

TEST_CASE("a crumb at the end of a section takes from the chunk before it") {
  std::vector<std::pair<std::string, std::string>> blocks(10, {"p", repeated("word ", 10)});
  blocks.emplace_back("p", "End.");
  const auto prose = prose_of(blocks);
  const auto chunks = chunks_of(prose, {.max_tokens = 50, .min_tokens = 20});
  REQUIRE(chunks.size() == 3);
  CHECK(word_pieces(chunks[2].text) >= 20);
  check_invariants(prose, chunks, 256);
}

TEST_CASE("small sections are not joined with each other") {
  const auto prose = prose_of({{"##", "One"}, {"p", "A."}, {"##", "Two"}, {"p", "B."}});
  CHECK(chunks_of(prose).size() == 2);
}

TEST_CASE("overlap repeats whole sentences of the chunk before, within the section") {
  std::string paragraph;
  for (int i = 0; i < 40; ++i) paragraph += "Sentence number " + std::to_string(i) + " here. ";
  const auto prose = prose_of({{"p", paragraph}, {"##", "Next"}, {"p", "Fresh start."}});
  const auto chunks = chunks_of(prose, {.max_tokens = 60, .min_tokens = 8, .overlap_tokens = 15});
  REQUIRE(chunks.size() > 3);
  for (std::size_t i = 1; i + 1 < chunks.size(); ++i) {
    CHECK(chunks[i].start < chunks[i - 1].end);
    CHECK(chunks[i].start > chunks[i - 1].start);
    CHECK(chunks[i].text.substr(0, 8) == "Sentence");
  }
  CHECK(chunks.back().text == "Fresh start.");
  check_invariants(prose, chunks, 256);
}

TEST_CASE("title and headings take their part of the window") {
  const std::string heading = repeated("heading ", 20);
  const auto prose = prose_of({{"##", heading}, {"p", repeated("word ", 300)}});
  const auto chunks = chunks_of(prose, {.max_tokens = 200}, 128, "A title of a few words");
  CHECK(chunks.front().retrieval.find("heading") != std::string::npos);
  check_invariants(prose, chunks, 128);
}

TEST_CASE("a title longer than the window is shortened in the retrieval view, the heading path is kept") {
  const auto prose = prose_of({{"##", repeated("제목", 400)}, {"p", repeated("낱말 ", 100)}});
  const auto chunks = chunks_of(prose, {.max_tokens = 200}, 64, repeated("긴 제목 ", 5'000));
  CHECK(chunks.front().headings.size() == 1);
  check_invariants(prose, chunks, 64);
}

TEST_CASE("a retrieval view that turns out longer than its parts is halved") {
  // This tokenizer charges for every text that spans a blank line: sums of parts are then too small.
  const TokenCount count = [](std::string_view text) -> Result<int> {
    return word_pieces(text) + (word_pieces(text) > 30 ? 40 : 0);
  };
  const auto prose =
      prose_of({{"p", repeated("word ", 20)}, {"p", repeated("word ", 20)}, {"p", repeated("word ", 20)}});
  const auto chunks = chunk_document("d", 1, "", prose, {.max_tokens = 60, .min_tokens = 4}, 64, count);
  REQUIRE(chunks.has_value());
  CHECK(chunks->size() == 3);
  for (const auto& chunk : *chunks) CHECK(chunk.tokens <= 64);
}

TEST_CASE("a megabyte without a space is cut, whatever the tokenizer makes of it") {
  for (const std::string& letter : {std::string("x"), std::string("가"), std::string("🙂")}) {
    const auto prose = prose_of({{"p", repeated(letter, static_cast<int>(1'000'000 / letter.size()))}});
    Counted counted;
    const auto chunks = chunk_document("d", 1, "T", prose, {}, 256, counted.count);
    REQUIRE(chunks.has_value());
    check_invariants(prose, *chunks, 256);
    CHECK(counted.calls < static_cast<int>(chunks->size()) * 3 + 50);
    CHECK(counted.longest < 256 * max_bytes_per_token);
    const TokenCount unknown = [](std::string_view text) -> Result<int> { return text.empty() ? 0 : 1; };
    const auto coarse = chunk_document("d", 1, "T", prose, {}, 256, unknown);
    REQUIRE(coarse.has_value());
    for (const auto& chunk : *coarse) CHECK(chunk.text.size() <= 200 * 16);
  }
}

TEST_CASE("a paragraph of a megabyte takes a linear number of counts") {
  const auto prose = prose_of({{"p", repeated("Ten short words make up this sentence of the text. ", 20'000)}});
  Counted counted;
  const auto chunks = chunk_document("d", 1, "T", prose, {}, 256, counted.count);
  REQUIRE(chunks.has_value());
  CHECK(counted.calls <= 20'000 + static_cast<int>(chunks->size()) + 10);
  check_invariants(prose, *chunks, 256);
}

TEST_CASE("documents of any kind keep every byte") {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 150; ++round) {
    const ProseView prose = testing::random_prose(random, round % 3 == 0);
    const int window = 24 + static_cast<int>(pick(300));
    const ChunkRules rules{.max_tokens = 16 + static_cast<int>(pick(300)),
                           .min_tokens = static_cast<int>(pick(40)),
                           .overlap_tokens = pick(2) == 0 ? 0 : static_cast<int>(pick(60))};
    CAPTURE(round);
    const auto chunks = chunks_of(prose, rules, window, pick(3) == 0 ? "" : "A title");
    check_invariants(prose, chunks, window);
  }
}

TEST_CASE("an empty document and a heading alone have no chunks") {
  CHECK(chunks_of(ProseView{}).empty());
  CHECK(chunks_of(prose_of({{"#", "Only a heading"}})).empty());
  CHECK(chunks_of(prose_of({{"p", "x"}})).size() == 1);
}

TEST_CASE("errors of the tokenizer and a hopeless window fail the document") {
  const auto prose = prose_of({{"p", "text"}});
  const TokenCount broken = [](std::string_view) -> Result<int> { return fail(ErrorKind::network, "worker gone"); };
  const auto failed = chunk_document("d", 1, "T", prose, {}, 256, broken);
  REQUIRE(!failed.has_value());
  CHECK(failed.error().kind == ErrorKind::network);
  Counted counted;
  const auto small = chunk_document("d", 1, "T", prose, {}, 8, counted.count);
  REQUIRE(!small.has_value());
  CHECK(small.error().kind == ErrorKind::limit);
}

TEST_CASE("chunk ids name document, version and offsets") {
  const auto prose = prose_of({{"p", "text"}});
  Counted counted;
  const auto one = chunk_document("d", 1, "T", prose, {}, 64, counted.count);
  const auto two = chunk_document("d", 2, "T", prose, {}, 64, counted.count);
  const auto again = chunk_document("d", 1, "T", prose, {}, 64, counted.count);
  CHECK(one->front().id != two->front().id);
  CHECK(one->front().id == again->front().id);
}

}  // namespace
}  // namespace twin::feature
