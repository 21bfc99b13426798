// The warehouse: users and documents, every version, nothing lost.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "stores/objects/objects.h"
#include "stores/warehouse/document.h"

namespace twin::stores {

enum class Upsert { inserted, updated, unchanged, revived };

struct DocumentFilter {
  std::string source;
  std::string category;
  std::string author_id;
  std::string url_prefix;
  bool include_deleted = false;
  std::string after_id = {};  ///< only documents with a greater id: where a stopped pass goes on
  bool bodies = true;         ///< false: Document::body stays empty, which is much faster
};

struct WarehouseCounts {
  std::int64_t users = 0, documents = 0, deleted = 0, versions = 0;
};

/// Thread-safe. SQLite: one process writes at a time (WAL), many read. MongoDB: many write, on several machines.
/// Throws Fatal when the database itself fails (disk full, corrupt file, server gone for longer than the retries last).
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  /// Finds by name, then by each alias (case-folded), else creates; names that are new become aliases. A name that
  /// already belongs to another user stays theirs. With an empty name the first alias is the name; all empty is Fatal.
  virtual User get_or_create_user(const std::string& name, const std::vector<std::string>& aliases = {}) = 0;
  virtual std::optional<User> user(const std::string& id) = 0;
  virtual std::vector<User> users() = 0;

  /// Inserts, or adds a version when the content hash differs, or touches `fetched` only. Fills id, version,
  /// content_hash of `document`, clears its tombstone, and repairs invalid UTF-8 in it. One transaction.
  virtual Upsert upsert(Document& document) = 0;
  /// Marks as deleted; the versions stay. Returns false when it was not there or already deleted.
  virtual bool tombstone(const std::string& id, UnixMillis when) = 0;

  /// The newest version, or the given one.
  virtual std::optional<Document> document(const std::string& id, int version = 0) = 0;
  /// In order of id, one at a time in memory. Return false to stop. All of one instant: the visitor may write to the
  /// warehouse, and does not see what it writes.
  virtual void each(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) = 0;
  /// As each(), with every version in ascending order (export).
  virtual void each_version(const DocumentFilter& filter, const std::function<bool(Document&&)>& visit) = 0;
  /// Writes exactly this version (import), in any order; the same twice is a no-op. The newest version restored says
  /// whether the document is deleted. A document without a version (0) is upserted. Fatal when the id is not the URL's.
  virtual void restore(const Document& document) = 0;
  /// restore() of each, at less cost. Versions of one document should stand together.
  virtual void restore_all(std::span<const Document> documents) = 0;
  virtual void restore_user(const User& user) = 0;

  /// Runs `body`: what it writes to this warehouse is one transaction, durable on return, or gone when an exception
  /// leaves it (an exception of a write must leave it). Reads inside may not see it. Other threads' writes wait, so
  /// `body` must not wait for them; may be nested, and then joins. A database without transactions makes each write
  /// durable in order: write what depends on something after it.
  virtual void batch(const std::function<void()>& body) = 0;

  /// Inserts, or replaces by `url`. The document need not be there yet.
  virtual void set_origin(const Origin& origin) = 0;
  /// Returns false when there was none.
  virtual bool remove_origin(const std::string& url) = 0;
  /// Origins of one source in order of url, one at a time in memory; false to stop. restore() of a document's newest
  /// version sets its origin from the metadata (source_location_key) with `key` and `stamp` empty, and removes it when
  /// that version is deleted or names no location; upsert() and tombstone() leave origins alone.
  virtual void each_origin(const std::string& source, const std::string& location,
                           const std::function<bool(Origin&&)>& visit) = 0;
  /// Those of all sources, in order of url (copies).
  virtual void each_origin(const std::function<bool(Origin&&)>& visit) = 0;

  /// Small state that a source keeps between runs (ETag, last commit), by source location.
  virtual std::optional<std::string> cursor(const std::string& key) = 0;
  virtual void set_cursor(const std::string& key, const std::string& value) = 0;
  /// In order of key. Return false to stop.
  virtual void each_cursor(const std::function<bool(const std::string& key, const std::string& value)>& visit) = 0;

  virtual WarehouseCounts counts() = 0;
  /// SHA-256 over (id, version, content_hash, deleted) of all documents in order of id: equal stores, equal digests.
  virtual std::string digest() = 0;
  virtual Objects& objects() = 0;

  /// Looks for damage that only the database itself can see (torn pages, lost parts); one call of `report` each. What
  /// is in the documents is verify()'s business.
  virtual void check(const std::function<void(Error&&)>& report) = 0;
  /// Where it is, for people: a file, or hosts and database. Never a password.
  [[nodiscard]] virtual std::string location() const = 0;
  /// Bytes that the database takes on disk, raw bytes beside it not counted; 0 when it cannot tell.
  virtual std::uint64_t bytes() = 0;
};

/// SQLite in WAL mode at <folder>/warehouse.db, raw bytes under <folder>/objects. Creates and migrates as needed.
[[nodiscard]] std::unique_ptr<Warehouse> open_warehouse(const std::filesystem::path& folder,
                                                        FileSystem& files = disk());

}  // namespace twin::stores
