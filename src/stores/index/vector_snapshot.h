// The vectors of one instant of the index, in memory, for exact search.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "stores/index/quantize.h"
#include "stores/sqlite/connection.h"

namespace twin::stores {

/// Immutable, so that any number of threads search it while the next one is made. Bytes only: dimension + 12 per chunk;
/// the 32-bit vectors stay in the database and are read for the best candidates.
class VectorSnapshot {
 public:
  struct Candidate {
    std::int64_t chunk = 0;  ///< key in the database
    float score = 0;         ///< approximate cosine
  };
  /// A half-open range of rows.
  struct Range {
    std::size_t begin = 0, end = 0;
  };

  /// Reads what the connection sees; takes over what did not change from `previous` (may be null).
  VectorSnapshot(sqlite::Connection& connection, std::int64_t generation, std::size_t dimension,
                 const VectorSnapshot* previous);

  [[nodiscard]] std::int64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
  [[nodiscard]] std::size_t size() const noexcept { return chunks_.size(); }

  /// All rows, as one range.
  [[nodiscard]] std::vector<Range> all() const;
  /// The rows of these chunk keys (ascending).
  [[nodiscard]] std::vector<Range> rows_of(const std::vector<std::int64_t>& chunks) const;
  /// The best `count` among the rows, best first, ties by key.
  [[nodiscard]] std::vector<Candidate> nearest(const QuantizedVector& query, std::size_t count,
                                               const std::vector<Range>& rows) const;

 private:
  struct Free {
    void operator()(std::int8_t* p) const { ::operator delete[](p, std::align_val_t{kRowAlignment}); }
  };

  void reserve(std::size_t rows);
  void copy_kept(const VectorSnapshot& previous, const std::vector<std::int64_t>& live);
  void append(std::int64_t chunk, float scale, const void* codes);

  std::int64_t generation_;
  std::size_t dimension_;
  std::size_t stride_;
  std::vector<std::int64_t> chunks_;  // ascending: keys are never used again
  std::vector<float> scales_;
  std::unique_ptr<std::int8_t[], Free> codes_;  // size() rows of stride_ bytes
};

/// Keeps the newest snapshot and follows the database, whichever process writes it. Thread-safe.
class VectorCache {
 public:
  /// The snapshot of the instant that the connection's transaction sees, or null when that instant is older than what
  /// others have loaded meanwhile: begin a new transaction then.
  [[nodiscard]] std::shared_ptr<const VectorSnapshot> at(sqlite::Connection& connection, std::int64_t generation,
                                                         std::size_t dimension);

 private:
  std::mutex mutex_;
  std::shared_ptr<const VectorSnapshot> newest_;
};

}  // namespace twin::stores
