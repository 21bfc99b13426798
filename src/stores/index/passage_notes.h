// What the last searches looked up of passages: one search asks for the same ones several times.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "stores/index/index.h"
#include "stores/sqlite/connection.h"

namespace twin::stores {

/// The row of a passage, without its texts.
struct PassageNote {
  std::int64_t key = 0, document = 0;  ///< keys in the database
  std::size_t start = 0, end = 0, text_bytes = 0;
  ParentSpan parent;
};

/// Notes of one instant of the index, by id; a later one begins anew. Thread-safe.
class PassageNotes {
 public:
  [[nodiscard]] std::optional<PassageNote> find(std::int64_t generation, const std::string& id);
  void add(std::int64_t generation, const std::string& id, const PassageNote& note);

 private:
  std::mutex mutex_;
  std::int64_t generation_ = -1;
  std::unordered_map<std::string, PassageNote> notes_;
};

/// Looks passages up, in the notes first. Of one transaction.
class PassageLookup {
 public:
  PassageLookup(sqlite::Connection& connection, std::int64_t generation, PassageNotes& notes)
      : connection_(connection), generation_(generation), notes_(notes) {}

  [[nodiscard]] std::optional<PassageNote> by_id(const std::string& id);
  /// The id of a passage, or nothing when it is not there.
  [[nodiscard]] std::optional<std::string> id_of(std::int64_t key);

 private:
  sqlite::Connection& connection_;
  std::int64_t generation_;
  PassageNotes& notes_;
  std::optional<sqlite::Query> by_id_, by_key_;  // prepared when first needed
};

}  // namespace twin::stores
