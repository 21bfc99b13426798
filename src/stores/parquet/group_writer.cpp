#include "stores/parquet/group_writer.h"

#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "core/i18n.h"
#include "stores/parquet/arrow_errors.h"

namespace twin::stores::parquet {
namespace {

void sync(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!done) throw std::runtime_error(tr("cannot write: {}", path.string()));
}

}  // namespace

GroupWriter::GroupWriter(const std::filesystem::path& file, std::shared_ptr<arrow::Schema> schema,
                         const WriteOptions& options)
    : options_(options),
      schema_(std::move(schema)),
      builder_(must(arrow::RecordBatchBuilder::Make(schema_, arrow::default_memory_pool()))),
      sink_(must(arrow::io::FileOutputStream::Open(file.string()))) {
  const auto properties = ::parquet::WriterProperties::Builder().compression(::parquet::Compression::ZSTD)->build();
  // Other programs find the exact types again (time zone, names inside of lists).
  const auto arrow_properties = ::parquet::ArrowWriterProperties::Builder().store_schema()->build();
  writer_ = must(
      ::parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), sink_, properties, arrow_properties));
}

void GroupWriter::added(std::size_t bytes) {
  ++rows_;
  bytes_ += static_cast<std::int64_t>(bytes);
  if (rows_ >= options_.group_rows || bytes_ >= options_.group_bytes) flush();
}

void GroupWriter::close() {
  flush();
  must(writer_->Close());
  must(sink_->Close());
}

void GroupWriter::flush() {
  if (rows_ == 0) return;
  const auto batch = must(builder_->Flush());
  const auto table = must(arrow::Table::FromRecordBatches(schema_, {batch}));
  must(writer_->WriteTable(*table, table->num_rows()));
  rows_ = bytes_ = 0;
}

AtomicFile::AtomicFile(const std::filesystem::path& file, std::string_view suffix)
    : file_(file),
      folder_(std::filesystem::absolute(file).parent_path()),
      temporary_(folder_ / (".twin-tmp-" + std::to_string(::getpid()) + "-" + std::string(suffix))) {}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
}

void AtomicFile::finish() {
  sync(temporary_, O_RDONLY);
  std::filesystem::rename(temporary_, file_);
  temporary_.clear();
  sync(folder_, O_RDONLY | O_DIRECTORY);
}

}  // namespace twin::stores::parquet
