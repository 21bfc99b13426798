// What the last searches looked up of passages: one search asks for the same ones several times.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

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
  /// Keys alone, which find a passage quicker than its id does. keys[i] is that of hits[i].
  [[nodiscard]] std::optional<std::int64_t> find_key(std::int64_t generation, const std::string& id);
  void add_keys(std::int64_t generation, const std::vector<Hit>& hits, const std::vector<std::int64_t>& keys);

 private:
  /// Makes room for what is of this generation; false: it is of an older one.
  bool begin(std::int64_t generation);

  std::mutex mutex_;
  std::int64_t generation_ = -1;
  std::unordered_map<std::string, PassageNote> notes_;
  std::unordered_map<std::string, std::int64_t> keys_;
};

/// Looks passages up, in the notes first. Of one transaction.
class PassageLookup {
 public:
  PassageLookup(sqlite::Connection& connection, std::int64_t generation, PassageNotes& notes)
      : connection_(connection), generation_(generation), notes_(notes) {}

  [[nodiscard]] std::optional<PassageNote> by_id(const std::string& id);
  [[nodiscard]] std::optional<std::int64_t> key_of(const std::string& id);
  /// The id of a passage, or nothing when it is not there.
  [[nodiscard]] std::optional<std::string> id_of(std::int64_t key);

 private:
  [[nodiscard]] bool find_row(std::int64_t key);

  sqlite::Connection& connection_;
  std::int64_t generation_;
  PassageNotes& notes_;
  std::optional<sqlite::Query> by_id_, by_key_;  // prepared when first needed
};

}  // namespace twin::stores
