// A whole warehouse brought into another, and a warehouse looked over.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"
#include "stores/warehouse/warehouse.h"

namespace twin::stores {

struct CopyReport {
  std::int64_t users = 0, documents = 0, versions = 0, cursors = 0, origins = 0;
  std::int64_t objects = 0;     ///< raw bytes that were not there yet
  bool resumed = false;         ///< went on where an earlier copy stopped
  bool stopped = false;         ///< by the user; the next copy goes on
  std::vector<Error> failures;  ///< raw bytes that the source no longer has or that are damaged
  std::string digest;           ///< of both, when done
};

/// Users, every version of every document, tombstones, origins, cursors and raw bytes, a batch at a time; then reads
/// both sides again and compares them. Safe to stop at any instant: the next call goes on behind the last whole batch.
/// `to` must be empty or an earlier copy of `from` (ErrorKind::usage otherwise). Throws Fatal when the two differ in
/// the end.
CopyReport copy_warehouse(Warehouse& from, Warehouse& to, ProgressSink& progress, std::stop_token stop);

/// SHA-256 over all that a copy carries, raw bytes only by their hashes: every user, version, origin and cursor (but
/// for those copying keeps itself). Reads everything.
[[nodiscard]] std::string whole_digest(Warehouse& warehouse);

struct VerifyReport {
  std::int64_t documents = 0, versions = 0, objects = 0;
  std::vector<Error> damage;  ///< at most `kMostDamage`; then one that says so
  bool stopped = false;
};
/// Every body against its content hash, every raw object against its name, every id against its URL, every author, and
/// what the database itself can check.
[[nodiscard]] VerifyReport verify_warehouse(Warehouse& warehouse, ProgressSink& progress, std::stop_token stop);

struct WarehouseStats {
  WarehouseCounts counts;
  std::map<std::string, std::int64_t> by_source, by_category, by_language;  ///< documents that are not deleted
  std::int64_t objects = 0;
  std::uint64_t object_bytes = 0, database_bytes = 0;
  std::string location, digest;
};
[[nodiscard]] WarehouseStats warehouse_stats(Warehouse& warehouse);

}  // namespace twin::stores
