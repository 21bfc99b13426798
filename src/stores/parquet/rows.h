// The rows of `twin docs export` as Parquet: columns, writing, reading. Only twin-parquet includes this.
#pragma once

#include <arrow/type_fwd.h>

#include <filesystem>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

namespace twin::stores::parquet {

/// One file for users and documents, told apart by the column `type`; a column that a row has nothing for is null.
/// Times are timestamps in milliseconds (UTC), null when unknown, which is 0 in JSON; author_ids and aliases are lists,
/// metadata a map.
[[nodiscard]] std::shared_ptr<arrow::Schema> schema();

struct WriteOptions {
  std::int64_t group_rows = 10'000;       ///< rows of a row group at most
  std::int64_t group_bytes = 32ll << 20;  ///< JSON bytes of a row group, unless one row alone is larger
};
/// JSON lines of `twin docs export` into a file, which appears whole or not at all. Holds one row group in memory.
/// Returns the number of rows; throws std::runtime_error with the line that is wrong.
std::int64_t write(std::istream& lines, const std::filesystem::path& file, const WriteOptions& options = {});

/// A file, of write() or of others with these columns in any order, into JSON lines. Throws std::runtime_error: a
/// column is unknown or of another type, or the file is damaged.
std::int64_t read(const std::filesystem::path& file, std::ostream& lines);

}  // namespace twin::stores::parquet
