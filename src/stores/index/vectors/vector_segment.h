// Vectors of a range of passages as bytes, with a graph of neighbours where they are many: immutable, in memory or
// mapped.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "stores/index/cache/row_set.h"
#include "stores/index/cache/section_file.h"
#include "stores/index/quantize.h"
#include "stores/index/vectors/nearest.h"

namespace twin::stores {

/// How a graph is built: HNSW (Malkov & Yashunin 2018).
struct GraphSettings {
  std::size_t from = 0;            ///< more rows than this get one; 0: none do
  std::size_t links = 16;          ///< M: of each row in the upper layers; twice as many in the lowest
  std::size_t construction = 128;  ///< candidates looked at for the links of a row
};

/// Rows are passages in ascending order of their keys. dimension (padded to 64) + 12 bytes each; with a graph, 8 *
/// links more, and some for the upper layers.
class VectorSegment {
 public:
  static constexpr std::string_view kind = "vectors 1";

  /// Throws Fatal when the sections do not fit together.
  explicit VectorSegment(std::shared_ptr<const Sections> sections);

  [[nodiscard]] std::span<const std::int64_t> keys() const { return keys_; }
  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] bool has_graph() const { return links_ > 0; }
  [[nodiscard]] const Sections& sections() const { return *sections_; }

  /// Offers all rows of the half-open range. `query`: of row_bytes(dimension()) codes.
  void scan(const QuantizedVector& query, std::size_t begin, std::size_t end, Nearest& best) const;
  /// Offers the rows that the graph leads to: about the best `breadth` of those that `wanted` (null: all) has.
  void walk(const QuantizedVector& query, std::size_t breadth, const RowSet* wanted, Nearest& best) const;

 private:
  friend class VectorSegmentBuilder;
  struct Info {
    std::uint64_t dimension = 0;
    std::uint64_t links = 0;   // of a row in the upper layers; 0: no graph
    std::uint64_t entry = 0;   // row where a search begins
    std::uint64_t layers = 0;  // above the lowest
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;  // fills up a row's links

  [[nodiscard]] float score(const QuantizedVector& query, std::uint32_t row) const;
  [[nodiscard]] std::span<const std::uint32_t> neighbours(std::uint32_t row) const;
  [[nodiscard]] std::span<const std::uint32_t> neighbours(std::uint32_t row, std::size_t layer) const;
  [[nodiscard]] std::uint32_t descend(const QuantizedVector& query) const;

  std::shared_ptr<const Sections> sections_;
  std::size_t dimension_ = 0;
  std::size_t stride_ = 0;
  std::size_t links_ = 0;
  std::uint32_t entry_ = 0;
  std::size_t layers_ = 0;
  std::span<const std::int64_t> keys_;
  std::span<const float> scales_;
  std::span<const std::int8_t> codes_;
  std::span<const std::uint32_t> lowest_;      // 2 * links_ of each row
  std::span<const std::uint32_t> upper_rows_;  // ascending: those in the layers above
  std::span<const std::uint32_t> upper_ends_;  // in upper_, in layers
  std::span<const std::uint32_t> upper_;       // links_ for each layer of each of them
};

/// Makes a segment of vectors that come in ascending order of their keys.
class VectorSegmentBuilder {
 public:
  VectorSegmentBuilder(std::size_t dimension, GraphSettings graph) : dimension_(dimension), graph_(graph) {}

  /// `codes`: dimension bytes.
  void add(std::int64_t key, float scale, std::span<const std::byte> codes);
  [[nodiscard]] std::size_t rows() const { return keys_.size(); }
  /// The segment, in the layout of its file. The builder is spent then. The same rows, the same bytes.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  std::size_t dimension_;
  GraphSettings graph_;
  std::vector<std::int64_t> keys_;
  std::vector<float> scales_;
  std::vector<std::int8_t> codes_;  // rows of row_bytes(dimension)
};

}  // namespace twin::stores
