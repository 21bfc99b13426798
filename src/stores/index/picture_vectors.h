// The vectors of pictures, in memory: they are few beside those of passages, so each is compared.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stores/index/cache/row_set.h"
#include "stores/sqlite/connection.h"

namespace twin::stores {

/// A passage and the nearest of its pictures.
struct NearestPicture {
  std::int64_t chunk = 0;  ///< key in the database
  double score = 0;        ///< cosine
  std::string source;
};

/// Of one instant of the index. Immutable.
class PictureVectors {
 public:
  /// Reads them all.
  explicit PictureVectors(sqlite::Connection& connection);

  /// One for each passage, the first of its pictures where several are as near; best first, ties by key; at most k.
  /// `allowed`: keys that may be found, in ranges that are ascending and apart; null: all.
  [[nodiscard]] std::vector<NearestPicture> nearest(const std::vector<float>& query, std::size_t k,
                                                    const std::vector<KeyRange>* allowed) const;

 private:
  std::vector<std::int64_t> chunks_;  // ascending
  std::vector<std::string> sources_;
  std::vector<float> values_;  // one row after the other
  std::size_t dimension_ = 0;
};

/// Those of the last instant that was asked for. Thread-safe.
class PictureCache {
 public:
  [[nodiscard]] std::shared_ptr<const PictureVectors> at(sqlite::Connection& connection, std::int64_t generation);

 private:
  std::mutex mutex_;
  std::int64_t generation_ = -1;
  std::shared_ptr<const PictureVectors> vectors_;
};

}  // namespace twin::stores
