// Test help: what must hold for the chunks of every document, and documents made at random.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/hash.h"
#include "feature/chunk/chunk.h"
#include "feature/chunk/prose_for_test.h"

namespace twin::feature::testing {

/// word_pieces() as the embedder's tokenizer; what it was asked.
struct Counted {
  int calls = 0;
  std::size_t longest = 0;
  TokenCount count = [this](std::string_view text) -> Result<int> {
    ++calls;
    longest = std::max(longest, text.size());
    return word_pieces(text);
  };
};

inline std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

inline std::vector<stores::Chunk> chunks_of(const ProseView& prose, const ChunkRules& rules = {}, int window = 256,
                                            const std::string& title = "Title", const EmbedTexts& embed = {}) {
  Counted counted;
  auto chunks = chunk_document("doc_1", 3, title, prose, rules, window, counted.count, embed);
  REQUIRE_MESSAGE(chunks.has_value(), (chunks ? "" : chunks.error().text()));
  return *chunks;
}

/// Exact offsets, order, the window, nothing lost, and passages within their parents.
inline void check_invariants(const ProseView& prose, const std::vector<stores::Chunk>& chunks, int window) {
  std::vector<bool> covered(prose.text.size(), false);
  std::size_t before = 0;
  for (const stores::Chunk& chunk : chunks) {
    REQUIRE(chunk.start < chunk.end);
    REQUIRE(chunk.end <= prose.text.size());
    CHECK(prose.text.substr(chunk.start, chunk.end - chunk.start) == chunk.text);
    CHECK(chunk.end > before);
    before = chunk.end;
    CHECK(chunk.tokens <= window);
    CHECK(chunk.tokens == word_pieces(chunk.retrieval) + special_tokens);
    CHECK((static_cast<unsigned char>(chunk.text.front()) & 0xC0u) != 0x80u);
    for (std::size_t i = chunk.start; i < chunk.end; ++i) covered[i] = true;
    if (chunk.parent.end > 0) {
      CHECK(chunk.parent.start <= chunk.start);
      CHECK(chunk.end <= chunk.parent.end);
      CHECK(chunk.parent.end <= prose.text.size());
      CHECK(chunk.parent.end - chunk.parent.start > chunk.end - chunk.start);
      CHECK(chunk.parent.headings >= 0);
      CHECK(static_cast<std::size_t>(chunk.parent.headings) <= chunk.headings.size());
    }
  }
  std::size_t lost = 0;
  for (const Block& block : prose.blocks) {
    if (block.kind == Block::Kind::heading) continue;
    for (std::size_t i = block.span.start; i < block.span.end; ++i) {
      const char c = prose.text[i];
      if (!covered[i] && c != ' ' && c != '\n' && c != '\t') ++lost;
    }
  }
  CHECK(lost == 0);
}

/// Up to 13 blocks of any kind, of words of many scripts, some without a space for long.
inline ProseView random_prose(std::mt19937& random, bool long_blocks) {
  static const std::vector<std::string> words = {"a",
                                                 "word",
                                                 "Debian",
                                                 "패키지를",
                                                 "설치한다.",
                                                 "끝!",
                                                 "🙂👩‍👩‍👧",
                                                 "https://x.example/" + repeated("p", 70),
                                                 ".",
                                                 "e.g.",
                                                 "한",
                                                 "x",
                                                 "“quote.”",
                                                 "漢字の文。",
                                                 repeated("ㄱ", 90)};
  const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  ProseView prose;
  const std::size_t blocks = pick(14);
  for (std::size_t b = 0; b < blocks; ++b) {
    std::string text;
    const std::size_t length = pick(long_blocks ? 300 : 30) + 1;
    for (std::size_t w = 0; w < length; ++w) {
      text += words[pick(words.size())];
      if (w + 1 < length) text += pick(8) == 0 ? "\n" : (pick(5) == 0 ? "" : " ");
    }
    const auto kind = static_cast<Block::Kind>(pick(6));
    if (kind == Block::Kind::heading) text = text.substr(0, text.find('\n'));
    append(prose, kind, text, static_cast<int>(pick(6)) + 1);
  }
  return prose;
}

/// Those of ChunkRules::strategy.
inline const std::vector<std::string> strategies = {"structure", "sentence", "semantic", "fixed"};

/// Vectors from the hash of the text: steps of every size between neighbours.
inline Result<std::vector<std::vector<float>>> hashed_vectors(const std::vector<std::string>& texts) {
  std::vector<std::vector<float>> vectors;
  for (const std::string& text : texts) {
    std::mt19937 random(static_cast<unsigned>(std::stoul(sha256_hex(text).substr(0, 8), nullptr, 16)));
    std::vector<float> vector(4);
    float norm = 0;
    for (float& x : vector) {
      x = std::uniform_real_distribution<float>(-1, 1)(random);
      norm += x * x;
    }
    for (float& x : vector) x /= std::sqrt(norm);
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

inline std::vector<stores::Chunk> cut(const std::string& strategy, const ProseView& prose, ChunkRules rules,
                                      int window = 256, const std::string& title = "Title") {
  rules.strategy = strategy;
  return chunks_of(prose, rules, window, title, hashed_vectors);
}

inline std::string numbered(int count, const std::string& word) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "The " + word + " has the number " + std::to_string(i) + " here. ";
  return text;
}

}  // namespace twin::feature::testing
