// JSON lines → Parquet.
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/table_builder.h>
#include <fcntl.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/i18n.h"
#include "core/json.h"
#include "stores/parquet/arrow_errors.h"
#include "stores/parquet/rows.h"

namespace twin::stores::parquet {
namespace {

[[noreturn]] void wrong(const std::string& key, const std::string& wanted) {
  throw std::runtime_error(tr("\"{}\" must be {}", key, wanted));
}

const std::string& text_of(const std::string& key, const Json& value) {
  if (!value.is_string()) wrong(key, tr("a text"));
  return value.get_ref<const std::string&>();
}

/// Appends one value, or null, to a column.
void append(arrow::ArrayBuilder& column, const arrow::DataType& type, const std::string& key, const Json* value) {
  if (value == nullptr) return must(column.AppendNull());
  switch (type.id()) {
    case arrow::Type::STRING:
      return must(static_cast<arrow::StringBuilder&>(column).Append(text_of(key, *value)));
    case arrow::Type::TIMESTAMP: {
      if (!value->is_number_integer()) wrong(key, tr("a whole number"));
      const auto millis = value->get<std::int64_t>();
      if (millis == 0) return must(column.AppendNull());
      return must(static_cast<arrow::TimestampBuilder&>(column).Append(millis));
    }
    case arrow::Type::INT32: {
      if (!value->is_number_integer() || value->get<std::int64_t>() < 0 ||
          value->get<std::int64_t>() > std::numeric_limits<std::int32_t>::max()) {
        wrong(key, tr("a whole number"));
      }
      return must(static_cast<arrow::Int32Builder&>(column).Append(value->get<std::int32_t>()));
    }
    case arrow::Type::BOOL:
      if (!value->is_boolean()) wrong(key, tr("true or false"));
      return must(static_cast<arrow::BooleanBuilder&>(column).Append(value->get<bool>()));
    case arrow::Type::LIST: {
      if (!value->is_array()) wrong(key, tr("a list of texts"));
      auto& list = static_cast<arrow::ListBuilder&>(column);
      must(list.Append());
      for (const Json& item : *value) {
        must(static_cast<arrow::StringBuilder&>(*list.value_builder()).Append(text_of(key, item)));
      }
      return;
    }
    case arrow::Type::MAP: {
      if (!value->is_object()) wrong(key, tr("an object of texts"));
      auto& map = static_cast<arrow::MapBuilder&>(column);
      must(map.Append());
      for (const auto& [name, item] : value->items()) {
        must(static_cast<arrow::StringBuilder&>(*map.key_builder()).Append(name));
        must(static_cast<arrow::StringBuilder&>(*map.item_builder()).Append(text_of(key, item)));
      }
      return;
    }
    default:
      throw std::logic_error("a column of a type that is not written");
  }
}

/// Rows on their way into the file.
class Writer {
 public:
  Writer(const std::filesystem::path& file, const WriteOptions& options)
      : options_(options),
        schema_(schema()),
        builder_(must(arrow::RecordBatchBuilder::Make(schema_, arrow::default_memory_pool()))),
        sink_(must(arrow::io::FileOutputStream::Open(file.string()))) {
    const auto properties = ::parquet::WriterProperties::Builder().compression(::parquet::Compression::ZSTD)->build();
    // Other programs find the exact types again (time zone, names inside of lists).
    const auto arrow_properties = ::parquet::ArrowWriterProperties::Builder().store_schema()->build();
    writer_ = must(::parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), sink_, properties,
                                                      arrow_properties));
  }

  void add(const Json& row, std::size_t bytes) {
    if (!row.is_object() || !row.contains("type"))
      throw std::runtime_error(tr("The line is not a JSON object with a \"type\""));
    for (const auto& [key, value] : row.items()) {
      if (schema_->GetFieldIndex(key) < 0) throw std::runtime_error(tr("unknown key \"{}\"", key));
    }
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const auto& field = *schema_->field(i);
      const auto value = row.find(field.name());
      append(*builder_->GetField(i), *field.type(), field.name(), value == row.end() ? nullptr : &*value);
    }
    ++rows_;
    bytes_ += static_cast<std::int64_t>(bytes);
    if (rows_ >= options_.group_rows || bytes_ >= options_.group_bytes) flush();
  }

  void close() {
    flush();
    must(writer_->Close());
    must(sink_->Close());
  }

 private:
  void flush() {
    if (rows_ == 0) return;
    const auto batch = must(builder_->Flush());
    const auto table = must(arrow::Table::FromRecordBatches(schema_, {batch}));
    must(writer_->WriteTable(*table, table->num_rows()));
    rows_ = bytes_ = 0;
  }

  WriteOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
  std::shared_ptr<arrow::io::FileOutputStream> sink_;
  std::unique_ptr<::parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0, bytes_ = 0;
};

void sync(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!done) throw std::runtime_error(tr("cannot write: {}", path.string()));
}

}  // namespace

std::int64_t write(std::istream& lines, const std::filesystem::path& file, const WriteOptions& options) {
  const auto folder = std::filesystem::absolute(file).parent_path();
  const auto temporary = folder / (".twin-tmp-" + std::to_string(::getpid()) + "-parquet");
  std::int64_t number = 0, rows = 0;
  try {
    Writer writer(temporary, options);
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.empty()) continue;
      writer.add(Json::parse(line), line.size());
      ++rows;
    }
    number = 0;
    writer.close();
    sync(temporary, O_RDONLY);
    std::filesystem::rename(temporary, file);
    sync(folder, O_RDONLY | O_DIRECTORY);
  } catch (const std::exception& error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    if (number == 0) throw;
    throw std::runtime_error(tr("line {}: {}", number, error.what()));
  }
  return rows;
}

}  // namespace twin::stores::parquet
