#include "stores/parquet/open_file.h"

#include <arrow/io/file.h>

#include "stores/parquet/arrow_errors.h"

namespace twin::stores::parquet {
namespace {

constexpr std::int64_t kBatchRows = 256;

}  // namespace

OpenFile open_file(const std::filesystem::path& file) {
  const auto source = must(arrow::io::ReadableFile::Open(file.string()));
  ::parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  ::parquet::arrow::FileReaderBuilder opener;
  must(opener.Open(source));
  opener.properties(properties);
  OpenFile open;
  open.file = must(opener.Build());
  open.batches = must(open.file->GetRecordBatchReader());
  return open;
}

void each_batch(OpenFile& open, const std::function<void(const arrow::RecordBatch& batch)>& take) {
  std::shared_ptr<arrow::RecordBatch> batch;
  for (must(open.batches->ReadNext(&batch)); batch != nullptr; must(open.batches->ReadNext(&batch))) {
    must(batch->ValidateFull());
    take(*batch);
  }
}

}  // namespace twin::stores::parquet
