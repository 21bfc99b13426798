// Which passages a filter lets through, from columns in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "stores/index/cache/row_set.h"
#include "stores/index/index.h"
#include "stores/sqlite/connection.h"

namespace twin::stores {

/// What filters ask for, of the passages of one instant. Immutable. Some 30 bytes a document, and the names.
///
/// Passages of a document have keys in succession as a rule: a stretch of the keys without those of another document
/// in between is one item here, and every value of a field has the list of its items.
class FilterTable {
 public:
  explicit FilterTable(sqlite::Connection& connection);
  /// Keys of the passages that pass a filter that is not empty: ranges that are ascending and apart. No other passage
  /// of the instant has a key in them.
  [[nodiscard]] std::vector<KeyRange> passing(const IndexFilter& filter) const;

 private:
  using Items = std::vector<std::uint32_t>;  // ascending
  using Field = std::unordered_map<std::string, Items>;

  struct Item {
    KeyRange keys;
    UnixMillis published = 0;
  };
  std::vector<Item> items_;  // in the order of their keys
  Field ids_, categories_, sources_, languages_, authors_;
};

/// Reading the columns takes longer than one filter costs in SQL: they are read when a second filter asks about the
/// same instant. Thread-safe.
class FilterCache {
 public:
  /// As FilterTable::passing().
  [[nodiscard]] std::vector<KeyRange> passing(sqlite::Connection& connection, std::int64_t generation,
                                              const IndexFilter& filter);

 private:
  std::mutex mutex_;
  std::int64_t asked_ = -1;                   // generation of the last filter …
  std::shared_ptr<const FilterTable> table_;  // … and its columns, once read
};

}  // namespace twin::stores
