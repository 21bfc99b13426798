// Documents, chunks and vectors for tests of the index.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::stores {

inline constexpr int kDimension = 96;

/// A word of its own for each number, that is neither split nor stemmed.
[[nodiscard]] std::string word(int number);

struct Made {
  IndexedDocument document;
  std::vector<Chunk> chunks;
  std::vector<std::vector<float>> vectors;
};

[[nodiscard]] std::string chunk_id(const std::string& document, std::size_t position);
/// A document with one chunk per text; vectors depend on document and position only.
[[nodiscard]] Made made(const std::string& document, const std::vector<std::string>& texts);
/// Puts it into the index; fails the test when that fails.
void add(Index& index, const std::string& document, const std::vector<std::string>& texts);

[[nodiscard]] std::vector<float> unit_vector(std::mt19937& random, int dimension = kDimension);
/// The direction of share * a + (1 - share) * b.
[[nodiscard]] std::vector<float> blend(const std::vector<float>& a, const std::vector<float>& b, float share);
[[nodiscard]] double cosine(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace twin::stores
