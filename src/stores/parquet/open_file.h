// A Parquet file, opened to be read batch by batch.
#pragma once

#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>

#include <filesystem>
#include <functional>
#include <memory>

namespace twin::stores::parquet {

struct OpenFile {
  std::unique_ptr<::parquet::arrow::FileReader> file;  ///< outlives `batches`
  std::shared_ptr<arrow::RecordBatchReader> batches;
};
/// Throws std::runtime_error when it is no Parquet file.
[[nodiscard]] OpenFile open_file(const std::filesystem::path& file);

/// Calls `take` for each batch in order, after Arrow has checked it in full: foreign offsets are not believed.
void each_batch(OpenFile& open, const std::function<void(const arrow::RecordBatch& batch)>& take);

}  // namespace twin::stores::parquet
