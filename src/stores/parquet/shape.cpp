#include "stores/parquet/shape.h"

#include <arrow/type.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/i18n.h"

namespace twin::stores::parquet {
namespace {

constexpr int kDeepest = 64;

}  // namespace

Shape::Kind Shape::kind_of(const Json& value) {
  if (value.is_boolean()) return Kind::boolean;
  // Beyond 64 bits with a sign a whole number is a number.
  if (value.is_number_unsigned() && value.get<std::uint64_t>() >> 63) return Kind::number;
  if (value.is_number_integer()) return Kind::integer;
  if (value.is_number()) return Kind::number;
  if (value.is_string()) return Kind::text;
  if (value.is_array()) return Kind::list;
  return value.is_object() ? Kind::object : Kind::nothing;
}

std::string Shape::name_of(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return tr("true or false");
    case Kind::integer:
    case Kind::number:
      return tr("a number");
    case Kind::text:
      return tr("a text");
    case Kind::list:
      return tr("a list");
    case Kind::object:
      return tr("an object");
    case Kind::nothing:
      break;
  }
  return tr("nothing");
}

void Shape::widen(Kind kind, const std::string& where) {
  if (kind == Kind::nothing || kind == kind_) return;
  const auto is_number = [](Kind k) { return k == Kind::integer || k == Kind::number; };
  if (kind_ == Kind::nothing) {
    kind_ = kind;
  } else if (is_number(kind_) && is_number(kind)) {
    kind_ = Kind::number;
  } else {
    throw std::runtime_error(
        tr("\"{}\" is {} here and {} before: a column holds one kind", where, name_of(kind), name_of(kind_)));
  }
}

void Shape::add(const Json& value, const std::string& where, int depth) {
  if (depth > kDeepest) throw std::runtime_error(tr("\"{}\" is nested too deeply", where));
  widen(kind_of(value), where);
  if (value.is_array()) {
    if (children_.empty()) children_.emplace_back();
    for (const Json& item : value) children_.front().second.add(item, where + "[]", depth + 1);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      auto child = std::find_if(children_.begin(), children_.end(), [&](const auto& c) { return c.first == key; });
      if (child == children_.end()) child = children_.emplace(children_.end(), key, Shape());
      child->second.add(item, where.empty() ? key : where + "." + key, depth + 1);
    }
  }
}

std::vector<std::shared_ptr<arrow::Field>> Shape::fields() const {
  std::vector<std::shared_ptr<arrow::Field>> out;
  for (const auto& [key, shape] : children_) out.push_back(arrow::field(key, shape.type()));
  return out;
}

std::shared_ptr<arrow::DataType> Shape::type() const {
  switch (kind_) {
    case Kind::boolean:
      return arrow::boolean();
    case Kind::integer:
      return arrow::int64();
    case Kind::number:
      return arrow::float64();
    case Kind::text:
      return arrow::utf8();
    case Kind::list:
      return arrow::list(arrow::field("element", children_.empty() ? arrow::null() : children_.front().second.type()));
    case Kind::object:
      return children_.empty() ? arrow::null() : arrow::struct_(fields());
    case Kind::nothing:
      break;
  }
  return arrow::null();
}

}  // namespace twin::stores::parquet
