// Parquet → JSON lines.
#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "core/i18n.h"
#include "core/json.h"
#include "stores/parquet/arrow_errors.h"
#include "stores/parquet/open_file.h"
#include "stores/parquet/row_lines.h"
#include "stores/parquet/rows.h"

namespace twin::stores::parquet {
namespace {

[[noreturn]] void wrong(const std::string& column, const arrow::DataType& type) {
  throw std::runtime_error(tr("the column \"{}\" is of the type {}", column, type.ToString()));
}

std::string text_at(const arrow::Array& array, std::int64_t row, const std::string& column) {
  if (array.IsNull(row)) throw std::runtime_error(tr("the column \"{}\" holds a list with nothing in a place", column));
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(array).GetString(row);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return text_at(*dictionary.dictionary(), dictionary.GetValueIndex(row), column);
    }
    default:
      wrong(column, *array.type());
  }
}

std::int64_t integer_at(const arrow::Array& array, std::int64_t row, const std::string& column) {
  switch (array.type_id()) {
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Array&>(array).Value(row);
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Array&>(array).Value(row);
    default:
      wrong(column, *array.type());
  }
}

/// Milliseconds; finer times that are no whole milliseconds are refused rather than cut.
std::int64_t millis_at(const arrow::Array& array, std::int64_t row, const std::string& column) {
  if (array.type_id() != arrow::Type::TIMESTAMP) return integer_at(array, row, column);
  const std::int64_t value = static_cast<const arrow::TimestampArray&>(array).Value(row);
  std::int64_t divisor = 1;
  switch (static_cast<const arrow::TimestampType&>(*array.type()).unit()) {
    case arrow::TimeUnit::SECOND: {
      std::int64_t millis = 0;
      if (__builtin_mul_overflow(value, 1000, &millis)) wrong(column, *array.type());
      return millis;
    }
    case arrow::TimeUnit::MILLI:
      return value;
    case arrow::TimeUnit::MICRO:
      divisor = 1'000;
      break;
    case arrow::TimeUnit::NANO:
      divisor = 1'000'000;
      break;
  }
  if (value % divisor != 0) {
    throw std::runtime_error(tr("the column \"{}\" holds a time that is finer than milliseconds", column));
  }
  return value / divisor;
}

template <class List>
Json list_at(const arrow::Array& array, std::int64_t row, const std::string& column) {
  const auto& list = static_cast<const List&>(array);
  Json values = Json::array();
  for (std::int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    values.push_back(text_at(*list.values(), i, column));
  }
  return values;
}

Json map_at(const arrow::Array& array, std::int64_t row, const std::string& column) {
  if (array.type_id() != arrow::Type::MAP) wrong(column, *array.type());
  const auto& map = static_cast<const arrow::MapArray&>(array);
  Json values = Json::object();
  for (std::int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    values[text_at(*map.keys(), i, column)] = text_at(*map.items(), i, column);
  }
  return values;
}

/// The value of a column as JSON; `wanted` is the column's type in schema().
Json value_at(const arrow::Array& array, std::int64_t row, const std::string& column, arrow::Type::type wanted) {
  switch (wanted) {
    case arrow::Type::STRING:
      return text_at(array, row, column);
    case arrow::Type::TIMESTAMP:
      return millis_at(array, row, column);
    case arrow::Type::INT32:
      return integer_at(array, row, column);
    case arrow::Type::BOOL:
      if (array.type_id() != arrow::Type::BOOL) wrong(column, *array.type());
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::LIST:
      if (array.type_id() == arrow::Type::LARGE_LIST) return list_at<arrow::LargeListArray>(array, row, column);
      if (array.type_id() != arrow::Type::LIST) wrong(column, *array.type());
      return list_at<arrow::ListArray>(array, row, column);
    case arrow::Type::MAP:
      return map_at(array, row, column);
    default:
      throw std::logic_error("a column of a type that is not read");
  }
}

}  // namespace

std::int64_t read(const std::filesystem::path& file, std::ostream& lines) {
  OpenFile open = open_file(file);
  const auto known = schema();
  for (const auto& field : open.batches->schema()->fields()) {
    if (known->GetFieldIndex(field->name()) < 0) {
      throw std::runtime_error(tr("unknown column \"{}\"", field->name()));
    }
  }
  RowLines out(lines);
  each_batch(open, [&](const arrow::RecordBatch& batch) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& field : known->fields()) columns.push_back(batch.GetColumnByName(field->name()));
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      Json line = Json::object();
      for (int i = 0; i < known->num_fields(); ++i) {
        const auto& field = *known->field(i);
        const auto& column = columns[static_cast<std::size_t>(i)];
        if (column != nullptr && !column->IsNull(row)) {
          line[field.name()] = value_at(*column, row, field.name(), field.type()->id());
        } else if (field.type()->id() == arrow::Type::TIMESTAMP && line.value("type", "") == "document") {
          line[field.name()] = 0;
        }
      }
      out.add(line);
    }
    out.check();
  });
  return out.finish();
}

}  // namespace twin::stores::parquet
