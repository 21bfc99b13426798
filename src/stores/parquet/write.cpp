// JSON lines → Parquet.
#include <arrow/builder.h>
#include <arrow/table_builder.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/i18n.h"
#include "core/json.h"
#include "stores/parquet/arrow_errors.h"
#include "stores/parquet/group_writer.h"
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

void append_row(arrow::RecordBatchBuilder& builder, const arrow::Schema& columns, const Json& row) {
  if (!row.is_object() || !row.contains("type"))
    throw std::runtime_error(tr("The line is not a JSON object with a \"type\""));
  for (const auto& [key, value] : row.items()) {
    if (columns.GetFieldIndex(key) < 0) throw std::runtime_error(tr("unknown key \"{}\"", key));
  }
  for (int i = 0; i < columns.num_fields(); ++i) {
    const auto& field = *columns.field(i);
    const auto value = row.find(field.name());
    append(*builder.GetField(i), *field.type(), field.name(), value == row.end() ? nullptr : &*value);
  }
}

}  // namespace

std::int64_t write(std::istream& lines, const std::filesystem::path& file, const WriteOptions& options) {
  std::int64_t number = 0, rows = 0;
  AtomicFile atomic(file);
  try {
    GroupWriter writer(atomic.path(), schema(), options);
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.empty()) continue;
      append_row(writer.builder(), *schema(), Json::parse(line));
      writer.added(line.size());
      ++rows;
    }
    number = 0;
    writer.close();
    atomic.finish();
  } catch (const std::exception& error) {
    if (number == 0) throw;
    throw std::runtime_error(tr("line {}: {}", number, error.what()));
  }
  return rows;
}

}  // namespace twin::stores::parquet
