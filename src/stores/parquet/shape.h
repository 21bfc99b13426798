// The type that a column needs to hold every value of a key: found by looking at all of them.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace twin::stores::parquet {

/// Starts as nothing; add() widens it: whole numbers to numbers, objects to more keys, null to anything.
class Shape {
 public:
  /// `where` names the value in errors: "messages[].content". Throws std::runtime_error when it is of another kind than
  /// those before, or nested deeper than 64 levels.
  void add(const Json& value, const std::string& where, int depth = 0);
  /// Objects become structs in the order their keys came, without keys (or nothing at all) the type null.
  [[nodiscard]] std::shared_ptr<arrow::DataType> type() const;
  /// Of an object.
  [[nodiscard]] std::vector<std::shared_ptr<arrow::Field>> fields() const;

 private:
  enum class Kind { nothing, boolean, integer, number, text, list, object };
  static Kind kind_of(const Json& value);
  static std::string name_of(Kind kind);
  void widen(Kind kind, const std::string& where);

  Kind kind_ = Kind::nothing;
  std::vector<std::pair<std::string, Shape>> children_;  // of an object by key; of a list one
};

}  // namespace twin::stores::parquet
