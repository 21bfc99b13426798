// Rows of a Parquet file as JSON lines.
#pragma once

#include <cstdint>
#include <ostream>

#include "core/json.h"

namespace twin::stores::parquet {

/// Writes and counts them; what is no UTF-8 is replaced.
class RowLines {
 public:
  explicit RowLines(std::ostream& lines) : lines_(lines) {}

  void add(const Json& row);
  /// Throws std::runtime_error when something could not be written: a full disk, a reader that left.
  void check() const;
  /// All is written; how many.
  [[nodiscard]] std::int64_t finish();

 private:
  std::ostream& lines_;
  std::int64_t rows_ = 0;
};

}  // namespace twin::stores::parquet
