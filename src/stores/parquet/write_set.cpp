// JSON lines of any keys → Parquet.
#include <arrow/builder.h>
#include <arrow/type.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/i18n.h"
#include "core/json.h"
#include "stores/parquet/arrow_errors.h"
#include "stores/parquet/group_writer.h"
#include "stores/parquet/sets.h"
#include "stores/parquet/shape.h"

namespace twin::stores::parquet {
namespace {

/// Appends a value that its column's shape has seen, or null.
void append_any(arrow::ArrayBuilder& column, const arrow::DataType& type, const Json* value) {
  if (value == nullptr || value->is_null() || type.id() == arrow::Type::NA) return must(column.AppendNull());
  switch (type.id()) {
    case arrow::Type::BOOL:
      return must(static_cast<arrow::BooleanBuilder&>(column).Append(value->get<bool>()));
    case arrow::Type::INT64:
      return must(static_cast<arrow::Int64Builder&>(column).Append(value->get<std::int64_t>()));
    case arrow::Type::DOUBLE:
      return must(static_cast<arrow::DoubleBuilder&>(column).Append(value->get<double>()));
    case arrow::Type::STRING:
      return must(static_cast<arrow::StringBuilder&>(column).Append(value->get_ref<const std::string&>()));
    case arrow::Type::LIST: {
      auto& list = static_cast<arrow::ListBuilder&>(column);
      must(list.Append());
      for (const Json& item : *value) append_any(*list.value_builder(), *type.field(0)->type(), &item);
      return;
    }
    case arrow::Type::STRUCT: {
      auto& object = static_cast<arrow::StructBuilder&>(column);
      must(object.Append());
      for (int i = 0; i < type.num_fields(); ++i) {
        const auto found = value->find(type.field(i)->name());
        append_any(*object.field_builder(i), *type.field(i)->type(), found == value->end() ? nullptr : &*found);
      }
      return;
    }
    default:
      throw std::logic_error("a column of a type that is not written");
  }
}

std::runtime_error at_line(std::int64_t number, const std::exception& error) {
  return std::runtime_error(tr("line {}: {}", number, error.what()));
}

/// Copies the lines, and looks at each.
Shape look_at_lines(std::istream& lines, std::ostream& kept) {
  Shape shape;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    try {
      const Json row = Json::parse(line);
      if (!row.is_object()) throw std::runtime_error(tr("The line is not a JSON object"));
      shape.add(row, "");
    } catch (const std::exception& error) {
      throw at_line(number, error);
    }
    kept << line << '\n';
    if (!kept) throw std::runtime_error(tr("cannot write: {}", "the lines beside the file"));
  }
  kept.flush();
  if (!kept) throw std::runtime_error(tr("cannot write: {}", "the lines beside the file"));
  return shape;
}

}  // namespace

std::int64_t write_set(std::istream& lines, const std::filesystem::path& file, const WriteOptions& options) {
  const AtomicFile beside(file, "lines");  // removed in any case
  std::ofstream kept(beside.path(), std::ios::binary | std::ios::trunc);
  const Shape shape = look_at_lines(lines, kept);
  kept.close();
  const auto columns = arrow::schema(shape.fields());
  if (columns->num_fields() == 0) throw std::runtime_error(tr("there are no rows to write"));

  std::int64_t rows = 0;
  AtomicFile atomic(file);
  GroupWriter writer(atomic.path(), columns, options);
  std::ifstream again(beside.path(), std::ios::binary);
  for (std::string line; std::getline(again, line); ++rows) {
    const Json row = Json::parse(line);
    for (int i = 0; i < columns->num_fields(); ++i) {
      const auto found = row.find(columns->field(i)->name());
      append_any(*writer.builder().GetField(i), *columns->field(i)->type(), found == row.end() ? nullptr : &*found);
    }
    writer.added(line.size());
  }
  writer.close();
  atomic.finish();
  return rows;
}

}  // namespace twin::stores::parquet
