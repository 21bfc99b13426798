// Parquet of any columns → JSON lines.
#include <arrow/array.h>
#include <arrow/scalar.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/i18n.h"
#include "core/json.h"
#include "stores/parquet/arrow_errors.h"
#include "stores/parquet/open_file.h"
#include "stores/parquet/row_lines.h"
#include "stores/parquet/sets.h"

namespace twin::stores::parquet {
namespace {

Json any_at(const arrow::Array& array, std::int64_t row, const std::string& column);

template <class Array>
Json plain_at(const arrow::Array& array, std::int64_t row) {
  return static_cast<const Array&>(array).Value(row);
}

Json items_of(const arrow::Array& values, std::int64_t from, std::int64_t to, const std::string& column) {
  Json out = Json::array();
  for (std::int64_t i = from; i < to; ++i) out.push_back(any_at(values, i, column));
  return out;
}

template <class List>
Json any_list(const arrow::Array& array, std::int64_t row, const std::string& column) {
  const auto& list = static_cast<const List&>(array);
  return items_of(*list.values(), list.value_offset(row), list.value_offset(row) + list.value_length(row), column);
}

Json struct_at(const arrow::StructArray& array, std::int64_t row, const std::string& column) {
  Json out = Json::object();
  for (int i = 0; i < array.num_fields(); ++i) {
    const auto& values = array.field(i);  // with the struct's own offset
    const std::string& name = array.struct_type()->field(i)->name();
    if (!values->IsNull(row)) out[name] = any_at(*values, row, column + "." + name);
  }
  return out;
}

Json any_map(const arrow::MapArray& map, std::int64_t row, const std::string& column) {
  Json out = Json::object();
  for (std::int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    const Json key = any_at(*map.keys(), i, column);
    if (!key.is_string()) throw std::runtime_error(tr("the keys of \"{}\" are no texts", column));
    if (!map.items()->IsNull(i)) out[key.get<std::string>()] = any_at(*map.items(), i, column);
  }
  return out;
}

Json any_at(const arrow::Array& array, std::int64_t row, const std::string& column) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::NA:
      return nullptr;
    case arrow::Type::BOOL:
      return plain_at<arrow::BooleanArray>(array, row);
    case arrow::Type::INT8:
      return plain_at<arrow::Int8Array>(array, row);
    case arrow::Type::INT16:
      return plain_at<arrow::Int16Array>(array, row);
    case arrow::Type::INT32:
      return plain_at<arrow::Int32Array>(array, row);
    case arrow::Type::INT64:
      return plain_at<arrow::Int64Array>(array, row);
    case arrow::Type::UINT8:
      return plain_at<arrow::UInt8Array>(array, row);
    case arrow::Type::UINT16:
      return plain_at<arrow::UInt16Array>(array, row);
    case arrow::Type::UINT32:
      return plain_at<arrow::UInt32Array>(array, row);
    case arrow::Type::UINT64:
      return plain_at<arrow::UInt64Array>(array, row);
    case arrow::Type::FLOAT:
      return plain_at<arrow::FloatArray>(array, row);
    case arrow::Type::DOUBLE:
      return plain_at<arrow::DoubleArray>(array, row);
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(array).GetString(row);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return any_at(*dictionary.dictionary(), dictionary.GetValueIndex(row), column);
    }
    case arrow::Type::LIST:
      return any_list<arrow::ListArray>(array, row, column);
    case arrow::Type::LARGE_LIST:
      return any_list<arrow::LargeListArray>(array, row, column);
    case arrow::Type::FIXED_SIZE_LIST:
      return any_list<arrow::FixedSizeListArray>(array, row, column);
    case arrow::Type::STRUCT:
      return struct_at(static_cast<const arrow::StructArray&>(array), row, column);
    case arrow::Type::MAP:
      return any_map(static_cast<const arrow::MapArray&>(array), row, column);
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DECIMAL128:
      return must(array.GetScalar(row))->ToString();
    default:
      throw std::runtime_error(tr("the column \"{}\" is of the type {}", column, array.type()->ToString()));
  }
}

}  // namespace

std::int64_t read_set(const std::filesystem::path& file, std::ostream& lines) {
  OpenFile open = open_file(file);
  RowLines out(lines);
  each_batch(open, [&](const arrow::RecordBatch& batch) {
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      Json line = Json::object();
      for (int i = 0; i < batch.num_columns(); ++i) {
        const auto& column = *batch.column(i);
        if (!column.IsNull(row)) line[batch.column_name(i)] = any_at(column, row, batch.column_name(i));
      }
      out.add(line);
    }
    out.check();
  });
  return out.finish();
}

}  // namespace twin::stores::parquet
