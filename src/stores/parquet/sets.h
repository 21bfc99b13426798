// Training sets as Parquet: any JSON objects, a column for each key. Only twin-parquet includes this.
#pragma once

#include <filesystem>
#include <istream>
#include <ostream>

#include "stores/parquet/rows.h"

namespace twin::stores::parquet {

/// JSON lines into a file, which appears whole or not at all. Columns are the keys of all lines, their types what holds
/// all values (messages: list<struct<role, content>>, as the `datasets` library has it); a key that a line lacks is
/// null. The lines are kept in a file beside until their types are known; memory holds one row group. Returns the
/// number of rows; throws std::runtime_error with the line that is wrong, or when there is none.
std::int64_t write_set(std::istream& lines, const std::filesystem::path& file, const WriteOptions& options = {});

/// A file with any columns of texts, numbers, truth values, lists and structs of them into JSON lines. What is null is
/// left out of objects; times, dates and decimals become texts. Throws std::runtime_error for other types.
std::int64_t read_set(const std::filesystem::path& file, std::ostream& lines);

}  // namespace twin::stores::parquet
