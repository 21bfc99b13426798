// Which passages a filter lets through, from columns in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "stores/index/index.h"
#include "stores/sqlite/connection.h"

namespace twin::stores {

/// What filters ask for, of the documents and passages of one instant. Immutable. 12 bytes a passage, and the names.
class FilterTable {
 public:
  explicit FilterTable(sqlite::Connection& connection);
  /// Keys of the passages that pass a filter that is not empty, ascending.
  [[nodiscard]] std::vector<std::int64_t> passing(const IndexFilter& filter) const;

 private:
  /// Names by number, in the order they were met.
  class Names {
   public:
    std::uint32_t number(std::string name);
    /// wanted[number]: whether a name is among these.
    [[nodiscard]] std::vector<bool> among(const std::vector<std::string>& names) const;

   private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
  };
  struct Document {
    std::uint32_t category = 0, source = 0, language = 0;
    std::uint32_t authors_end = 0;  // in authors_; they begin where those of the document before end
    UnixMillis published = 0;
  };

  Names ids_, categories_, sources_, languages_, author_names_;  // a document's number is that of its id
  std::vector<Document> documents_;
  std::vector<std::uint32_t> authors_;
  std::vector<std::int64_t> keys_;          // of passages, ascending
  std::vector<std::uint32_t> document_of_;  // number of each passage's document
};

/// Reading the columns takes longer than one filter costs in SQL: they are read when a second filter asks about the
/// same instant. Thread-safe.
class FilterCache {
 public:
  [[nodiscard]] std::vector<std::int64_t> passing(sqlite::Connection& connection, std::int64_t generation,
                                                  const IndexFilter& filter);

 private:
  std::mutex mutex_;
  std::int64_t asked_ = -1;                   // generation of the last filter …
  std::shared_ptr<const FilterTable> table_;  // … and its columns, once read
};

}  // namespace twin::stores
