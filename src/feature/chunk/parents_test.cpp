#include "feature/chunk/parents.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "core/text/unicode.h"
#include "feature/chunk/checks_for_test.h"

namespace twin::feature {
namespace {

using testing::check_invariants;
using testing::chunks_of;
using testing::cut;
using testing::numbered;
using testing::prose_of;
using testing::strategies;
using testing::word_pieces;

TEST_CASE("parents: the largest part of the outline that fits, and the headings above it") {
  const std::string body = numbered(12, "word");  // about 100 tokens
  const auto prose = prose_of({{"#", "Title"},
                               {"p", body},
                               {"##", "One"},
                               {"p", body},
                               {"###", "One A"},
                               {"p", body},
                               {"###", "One B"},
                               {"p", body},
                               {"##", "둘"},
                               {"p", body}});
  ChunkRules rules{.max_tokens = 50, .min_tokens = 8};
  const auto with = [&](int tokens) {
    rules.parent_tokens = tokens;
    auto chunks = chunks_of(prose, rules);
    check_invariants(prose, chunks, 256);
    return chunks;
  };
  const auto text = [&](const stores::ParentSpan& p) { return prose.text.substr(p.start, p.end - p.start); };

  const auto whole = with(5000);
  for (const auto& chunk : whole) {
    CHECK(chunk.parent == whole.front().parent);
    CHECK(chunk.parent.headings == 0);
  }
  CHECK(text(whole.front().parent).ends_with(text::trim(body)));
  CHECK(whole.front().parent.start == prose.blocks[1].span.start);

  std::set<std::string> starts;
  for (const auto& chunk : with(400)) {
    starts.insert(fmt::format("{} {}", chunk.headings.empty() ? "" : chunk.headings.front(), chunk.parent.headings));
    if (chunk.headings.size() == 2) CHECK(text(chunk.parent).find("One B\n") != std::string::npos);
  }
  CHECK(starts == std::set<std::string>{" 0", "One 1", "둘 1"});

  for (const auto& chunk : with(150)) {
    CHECK(chunk.parent.headings == static_cast<int>(chunk.headings.size()));
    CHECK(text(chunk.parent) == text::trim(body));
  }
  for (const auto& chunk : with(60)) CHECK(chunk.parent.end == 0);  // two passages do not fit: each is read itself
  CHECK(with(0).front().parent == stores::ParentSpan{});
}

TEST_CASE("parents: a section that is too long is read in runs, and headings of equal text are two") {
  ChunkRules rules{.max_tokens = 40, .min_tokens = 8, .parent_tokens = 130};
  const auto long_section = prose_of({{"##", "A"}, {"p", numbered(60, "word")}});
  std::set<std::pair<std::size_t, std::size_t>> spans;
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    const auto chunks = cut(strategy, long_section, rules);
    spans.clear();
    for (const auto& chunk : chunks) {
      if (chunk.parent.end == 0) continue;
      spans.emplace(chunk.parent.start, chunk.parent.end);
      CHECK(word_pieces(long_section.text.substr(chunk.parent.start, chunk.parent.end - chunk.parent.start)) <= 130);
    }
    CHECK(spans.size() >= 3);
    std::size_t before = 0;
    for (const auto& [start, end] : spans) {
      CHECK(start >= before);
      before = end;
    }
  }
  const auto twice =
      prose_of({{"##", "Example"}, {"p", numbered(12, "a")}, {"##", "Example"}, {"p", numbered(12, "b")}});
  const auto chunks = chunks_of(twice, rules);
  REQUIRE(chunks.size() > 3);
  CHECK(chunks.front().parent.end <= twice.blocks[2].span.start);
  CHECK(chunks.back().parent.start >= twice.blocks[3].span.start);
}

}  // namespace
}  // namespace twin::feature
