// Where a training set is written to: JSON lines, or Parquet when the file is named so.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "feature/training_sets/line_file.h"
#include "feature/training_sets/parquet_pipe.h"

namespace twin::feature {

/// The file appears whole at finish(), or not at all. Throws Fatal when the disk fails, when twin-parquet is not
/// installed, or when lines do not fit one table: a key holds texts in one and numbers in another.
class SetOutput {
 public:
  explicit SetOutput(const std::filesystem::path& file);
  void line(std::string_view text);
  void finish();

 private:
  std::unique_ptr<LineFile> lines_;  // one of the two
  std::unique_ptr<ParquetWriter> rows_;
};

}  // namespace twin::feature
