// Vectors of a range of passages as bytes, with a graph of neighbours where they are many: immutable, in memory or
// mapped.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "stores/index/cache/row_set.h"
#include "stores/index/cache/section_file.h"
#include "stores/index/quantize.h"
#include "stores/index/vectors/nearest.h"
#include "stores/index/vectors/sign_codes.h"
#include "stores/index/vectors/vector_query.h"

namespace twin::stores {

/// How a graph is built: HNSW (Malkov & Yashunin 2018).
struct GraphSettings {
  std::size_t from = 0;            ///< more rows than this get one; 0: none do
  std::size_t links = 16;          ///< M: of each row in the upper layers; twice as many in the lowest
  std::size_t construction = 128;  ///< candidates looked at for the links of a row
};

/// Rows are passages in ascending order of their keys. 9 / 8 of the dimension (padded to 128) + 28 bytes each, and the
/// passage's id (less without signs, where rows are few); with a graph, 8 * links more, and some for the upper layers.
///
/// A vector is there in three layers, each apart from the others: signs (sign_codes.h), the upper halves of its codes,
/// the lower ones. A scan reads of each layer only the rows that may be among the best by what the layers before it
/// say. For these the score is that of the whole codes. What the layers that are not read yet may add is taken to be no
/// more than four standard deviations, as if the values of a row stood in random order: of the best rows one in tens of
/// thousands is missed.
class VectorSegment {
 public:
  static constexpr std::string_view kind = "vectors 4";

  /// Throws Fatal when the sections do not fit together.
  explicit VectorSegment(std::shared_ptr<const Sections> sections);

  [[nodiscard]] std::span<const std::int64_t> keys() const { return keys_; }
  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] bool has_graph() const { return links_ > 0; }
  [[nodiscard]] const Sections& sections() const { return *sections_; }

  /// The id of a row's passage.
  [[nodiscard]] std::string_view id(std::size_t row) const;

  /// Offers those rows of the ranges, without `gone` (null: none), that may be among the best `k` by their 32-bit
  /// vectors, and some others. `query`: of this dimension().
  void scan(const VectorQuery& query, std::span<const RowRange> ranges, const RowSet* gone, std::size_t k,
            Nearest& best) const;
  /// Offers the rows that the graph leads to: about the best `breadth` of those that `wanted` (null: all) has.
  void walk(const VectorQuery& query, std::size_t breadth, const RowSet* wanted, Nearest& best) const;

 private:
  friend class VectorSegmentBuilder;
  struct Info {
    std::uint64_t dimension = 0;
    std::uint64_t links = 0;   // of a row in the upper layers; 0: no graph
    std::uint64_t entry = 0;   // row where a search begins
    std::uint64_t layers = 0;  // above the lowest
    float largest_scale = 0;
    float sign_doubt = 0;  // SignCodes::doubt
  };
  // What a row has beside its codes, behind its signs if it has any: with 384 dimensions both fill 64 bytes, what a
  // processor fetches at once.
  struct RowFacts {
    float sign_factor = 0, sign_offset = 0;
    float scale = 0;
    std::uint8_t lower_mean = 0;    // of the lower halves, in sixteenths
    std::uint8_t lower_spread = 0;  // their standard deviation, in thirty-seconds, rounded up
    std::uint16_t unused = 0;
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;  // fills up a row's links

  /// What the rows score at most by their signs.
  void bound_scores(const VectorQuery& query, std::span<const std::uint32_t> rows, std::span<float> bounds) const;
  /// Offers those of the rows that may reach the floor.
  void compare_all(const VectorQuery& query, std::span<const std::uint32_t> rows, ScoreFloor& floor,
                   Nearest& best) const;
  /// Offers those of the rows, kBatch at most, that may reach the floor by their upper halves.
  void compare(const VectorQuery& query, std::span<const std::uint32_t> rows, ScoreFloor& floor, Nearest& best) const;
  [[nodiscard]] std::int32_t half_product(const VectorQuery& query, std::span<const std::uint8_t> halves,
                                          std::uint32_t row) const;
  /// By the upper halves; of mean lower ones.
  [[nodiscard]] float estimate(const VectorQuery& query, std::uint32_t row) const;
  /// Of the products of both halves.
  [[nodiscard]] Candidate candidate(const VectorQuery& query, std::uint32_t row, std::int32_t upper,
                                    std::int32_t lower) const;
  void prefetch(std::span<const std::uint8_t> halves, std::uint32_t row) const;
  [[nodiscard]] const RowFacts& facts(std::uint32_t row) const;
  [[nodiscard]] std::span<const std::uint32_t> neighbours(std::uint32_t row) const;
  [[nodiscard]] std::span<const std::uint32_t> neighbours(std::uint32_t row, std::size_t layer) const;
  [[nodiscard]] std::uint32_t descend(const VectorQuery& query) const;

  std::shared_ptr<const Sections> sections_;
  std::size_t dimension_ = 0;
  std::size_t stride_ = 0;  // bytes of a row of halves
  std::size_t links_ = 0;
  std::uint32_t entry_ = 0;
  std::size_t layers_ = 0;
  float largest_scale_ = 0;
  float sign_doubt_ = 0;
  std::span<const std::int64_t> keys_;
  std::span<const std::uint8_t> rows_;  // signs and facts of each, row_stride_ bytes
  std::size_t sign_bytes_ = 0;          // of a row; 0: no signs are kept, its rows are few
  std::size_t row_stride_ = 0;
  std::span<const std::uint8_t> upper_halves_;
  std::span<const std::uint8_t> lower_halves_;
  std::span<const std::uint32_t> lowest_;      // 2 * links_ of each row
  std::span<const std::uint32_t> upper_rows_;  // ascending: those in the layers above
  std::span<const std::uint32_t> upper_ends_;  // in upper_, in layers
  std::span<const std::uint32_t> upper_;       // links_ for each layer of each of them
  std::span<const float> sign_mean_;           // as SignCodes has it
  std::optional<Rotation> rotation_;
  std::span<const std::uint32_t> id_ends_;  // in ids_, of each row
  std::span<const char> ids_;
};

/// Makes a segment of vectors that come in ascending order of their keys.
class VectorSegmentBuilder {
 public:
  VectorSegmentBuilder(std::size_t dimension, GraphSettings graph) : dimension_(dimension), graph_(graph) {}

  /// `codes`: dimension bytes; `id`: of the passage.
  void add(std::int64_t key, float scale, std::span<const std::byte> codes, std::string_view id);
  [[nodiscard]] std::size_t rows() const { return keys_.size(); }
  /// The segment, in the layout of its file. The builder is spent then. The same rows, the same bytes.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  std::size_t dimension_;
  GraphSettings graph_;
  std::vector<std::int64_t> keys_;
  std::vector<float> scales_;
  std::vector<std::int8_t> codes_;  // rows of row_bytes(dimension)
  std::vector<std::uint32_t> id_ends_;
  std::vector<char> ids_;
};

}  // namespace twin::stores
