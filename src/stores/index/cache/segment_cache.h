// Keeps what is searched in memory in step with the database: from a file beside it, and what is newer from itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "stores/index/cache/row_set.h"
#include "stores/sqlite/connection.h"

namespace twin::stores {

/// A segment (immutable, rows in ascending order of keys) and which of its rows are there still.
template <class Segment>
struct SegmentPart {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const RowSet> gone;  ///< null: all rows are there
  std::uint64_t passages = 0;          ///< rows that are there
};

/// Follows the database, whichever process writes it: by keys, which only grow, and by the count of removals. The file
/// is a cache: it is used when the database names its checksum, and made from the database otherwise. Thread-safe.
///
/// A Snapshot is what one instant of the database is searched by. It has
///   Segment                                        with kind, keys() and sections()
///   Settings, accepts(segment, settings)           whether a segment of the file serves with these settings
///   build(connection, after, rows, settings)       a segment's bytes from the rows with keys above `after`, and their
///   count resaves(changed, passages, settings)           whether so many changes are worth a new file
///   Snapshot(generation, removals, parts, settings), generation(), removals(), parts()
template <class Snapshot>
class SegmentCache {
 public:
  using Segment = typename Snapshot::Segment;
  using Settings = typename Snapshot::Settings;
  using Part = SegmentPart<Segment>;

  /// `remembered`: key of `meta` that holds the checksum of the file.
  SegmentCache(std::filesystem::path file, std::string remembered, Settings settings);

  /// What the connection's transaction sees, or null when that instant is older than what others have loaded meanwhile:
  /// begin a new transaction then.
  [[nodiscard]] std::shared_ptr<const Snapshot> at(sqlite::Connection& connection, std::int64_t generation);
  /// The same from the database alone, for who cannot wait.
  [[nodiscard]] std::shared_ptr<const Snapshot> alone(sqlite::Connection& connection, std::int64_t generation) const;
  /// Writes the file anew where much has changed since; returns what the database is to remember. Nothing: the file
  /// serves as it is, or cannot be written (which is logged).
  [[nodiscard]] std::optional<std::string> save(sqlite::Connection& connection, std::int64_t generation);
  [[nodiscard]] const std::string& remembered() const noexcept { return remembered_; }

 private:
  [[nodiscard]] std::vector<Part> from_file(sqlite::Connection& connection) const;
  void append(sqlite::Connection& connection, std::vector<Part>& parts) const;

  std::filesystem::path file_;
  std::string remembered_;
  Settings settings_;
  std::mutex mutex_;
  std::shared_ptr<const Snapshot> newest_;
};

}  // namespace twin::stores
