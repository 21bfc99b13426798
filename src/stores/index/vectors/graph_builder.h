// A graph of neighbours (HNSW) over vectors that lie elsewhere. The one place that includes hnswlib.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace twin::stores {

/// Vectors as bytes: row r is codes[r * stride …] times scales[r].
struct CodeRows {
  std::span<const std::int8_t> codes;
  std::span<const float> scales;
  std::size_t stride = 0;
};

/// Links as arrays, for VectorSegment; UINT32_MAX fills up a row's links.
struct NeighbourGraph {
  std::size_t links = 0;  ///< of each row in an upper layer; twice as many in the lowest
  std::uint32_t entry = 0;
  std::size_t layers = 0;                 ///< above the lowest
  std::vector<std::uint32_t> lowest;      ///< 2 * links for each row
  std::vector<std::uint32_t> upper_rows;  ///< rows that are in upper layers, ascending
  std::vector<std::uint32_t> upper_ends;  ///< layers of these and all before them
  std::vector<std::uint32_t> upper;       ///< links for each layer of each of them, from layer 1 up
};

/// By hnswlib, on one thread: the same rows give the same graph. A row is inserted in some 0.2 ms at 384 dimensions,
/// and the time grows with the logarithm of their number.
[[nodiscard]] NeighbourGraph build_graph(const CodeRows& rows, std::size_t links, std::size_t construction);

}  // namespace twin::stores
