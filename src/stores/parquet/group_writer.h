// Rows into a Parquet file, row group by row group; and files that appear whole or not at all.
#pragma once

#include <arrow/table_builder.h>
#include <arrow/type_fwd.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <memory>
#include <string_view>

#include "stores/parquet/rows.h"

namespace twin::stores::parquet {

/// zstd; the exact Arrow types are stored beside, so that other programs find them again. Holds one row group.
class GroupWriter {
 public:
  GroupWriter(const std::filesystem::path& file, std::shared_ptr<arrow::Schema> schema, const WriteOptions& options);
  /// Where the next row goes, column by column; then added().
  [[nodiscard]] arrow::RecordBatchBuilder& builder() { return *builder_; }
  /// `bytes`: of the row's JSON.
  void added(std::size_t bytes);
  void close();

 private:
  void flush();

  WriteOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
  std::shared_ptr<arrow::io::FileOutputStream> sink_;
  std::unique_ptr<::parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0, bytes_ = 0;
};

/// A name in the same folder to write to; finish() syncs and renames it. Without finish() it is removed.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& file, std::string_view suffix = "parquet");
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return temporary_; }
  void finish();

 private:
  std::filesystem::path file_, folder_, temporary_;
};

}  // namespace twin::stores::parquet
