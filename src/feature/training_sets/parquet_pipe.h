// Parquet files through the program twin-parquet, line by line over a pipe.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/process.h"
#include "core/spawn.h"

namespace twin::feature {

/// What the rows of a file are: those of `twin docs export`, or of training sets (any columns).
enum class ParquetRows { documents, samples };

/// Whether the name ends in ".parquet".
[[nodiscard]] bool is_parquet(std::string_view file);

/// Lines of JSON into a file, which appears whole at finish() or not at all.
class ParquetWriter {
 public:
  /// Throws Fatal when twin-parquet is not installed.
  explicit ParquetWriter(const std::filesystem::path& file, ParquetRows rows = ParquetRows::documents);
  ~ParquetWriter();
  ParquetWriter(const ParquetWriter&) = delete;
  ParquetWriter& operator=(const ParquetWriter&) = delete;

  /// Throws Fatal with twin-parquet's own words when it gave up.
  void line(std::string_view text);
  void finish();

 private:
  void send(std::string_view bytes);
  std::filesystem::path file_;
  std::string said_;
  OwnedFd pipe_;
  std::unique_ptr<Process> process_;
};

/// Calls `on_line` for each row, in order, one at a time. Throws Fatal, also what `on_line` throws.
void read_parquet(const std::filesystem::path& file, const std::function<void(const std::string& line)>& on_line,
                  std::stop_token stop, ParquetRows rows = ParquetRows::documents);

}  // namespace twin::feature
