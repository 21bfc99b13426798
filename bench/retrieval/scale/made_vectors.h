// Vectors for texts without an embedding model: a hundred thousand passages would take hours to embed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stores/index/tokenizer.h"

namespace twin::bench {

/// Texts that share words get vectors that are near, as passages on one matter do: tf-idf of hashed terms, each term a
/// random direction of 64 (topics, by a random matrix) and, weaker, one of all dimensions; added to a direction that
/// all share, so that cosines lie between 0.6 and 1 as those of e5 do. The same texts, the same vectors.
class MadeVectors {
 public:
  explicit MadeVectors(int dimension);
  /// Counts the terms of one text; first of all texts, then vector().
  void count(std::string_view text);
  [[nodiscard]] std::vector<float> vector(std::string_view text);

 private:
  std::vector<std::uint64_t> terms_of(std::string_view text);

  int dimension_;
  stores::Tokenizer tokenizer_;
  std::vector<std::uint32_t> holding_;  // texts, by hash of a term
  std::uint64_t texts_ = 0;
  std::vector<float> topics_;  // 64 rows of `dimension`
  std::vector<float> shared_;
};

}  // namespace twin::bench
