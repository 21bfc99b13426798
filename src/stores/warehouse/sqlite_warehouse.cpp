#include "stores/warehouse/sqlite_warehouse.h"

#include "core/hash.h"
#include "core/i18n.h"
#include "stores/warehouse/schema.h"

namespace twin::stores {

using sqlite::Connection;
using sqlite::Query;

SqliteWarehouse::SqliteWarehouse(const std::filesystem::path& folder, FileSystem& files, sqlite::Options options)
    : store_(folder / "warehouse.db", {{kWarehouseV1, kWarehouseV2, kWarehouseV3}, nullptr}, options),
      objects_(files, folder / "objects", Objects::Together::packs) {}

std::optional<std::string> SqliteWarehouse::cursor(const std::string& key) {
  return store_.read([&](Connection& c) -> std::optional<std::string> {
    Query query(c, "SELECT value FROM cursors WHERE key = ?", key);
    if (!query.step()) return std::nullopt;
    return query.text(0);
  });
}

void SqliteWarehouse::set_cursor(const std::string& key, const std::string& value) {
  store_.write([&](Connection& c) {
    Query(c, "INSERT INTO cursors(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", key,
          value)
        .run();
  });
}

WarehouseCounts SqliteWarehouse::counts() {
  return store_.read([](Connection& c) {
    Query query(c,
                "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM documents), "
                "(SELECT count(*) FROM documents WHERE deleted), (SELECT count(*) FROM versions)");
    query.step();
    return WarehouseCounts{query.integer(0), query.integer(1), query.integer(2), query.integer(3)};
  });
}

namespace {

std::string digest_of(Connection& c) {
  Sha256 hash;
  Query query(c, "SELECT id, version, content_hash, deleted FROM documents ORDER BY id");
  while (query.step()) {
    for (int column = 0; column < 4; ++column) hash.field(query.text(column));
  }
  return hash.hex();
}

}  // namespace

std::string SqliteWarehouse::digest() {
  std::int64_t changes = 0;
  bool known = false;
  std::string digest = store_.read([&](Connection& c) {
    Query kept(c, "SELECT changes, digest_at, digest FROM digests");
    kept.step();
    changes = kept.integer(0);
    known = kept.integer(1) == changes;
    return known ? kept.text(2) : digest_of(c);
  });
  if (!known) {
    // The digest after so many changes is a fact, whatever was written meanwhile.
    store_.write([&](Connection& c) {
      Query(c, "UPDATE digests SET digest_at = ?, digest = ? WHERE digest_at < ?", changes, digest, changes).run();
    });
  }
  return digest;
}

void SqliteWarehouse::each_cursor(const std::function<bool(const std::string&, const std::string&)>& visit) {
  store_.read([&](Connection& c) {
    Query query(c, "SELECT key, value FROM cursors ORDER BY key");
    while (query.step() && visit(query.text(0), query.text(1))) continue;
  });
}

void SqliteWarehouse::check(const std::function<void(Error&&)>& report) {
  const auto complain = [&](const std::string& what) {
    report({ErrorKind::invalid, tr("The database is damaged: {}", what), store_.file().string(),
            tr("restore a backup, or collect into a new warehouse")});
  };
  store_.read([&](Connection& c) {
    Query integrity(c, "PRAGMA integrity_check");
    while (integrity.step()) {
      if (const std::string line = integrity.text(0); line != "ok") complain(line);
    }
    Query references(c, "PRAGMA foreign_key_check");
    while (references.step()) complain(references.text(0) + " " + references.text(1));
    Query bodies(c,
                 "SELECT d.url, v.version FROM versions v JOIN documents d ON d.key = v.document "
                 "LEFT JOIN bodies b ON b.version = v.key WHERE b.version IS NULL");
    while (bodies.step()) complain(bodies.text(0) + " v" + bodies.text(1));
    Query current(c,
                  "SELECT d.url FROM documents d LEFT JOIN versions v ON v.document = d.key AND v.version = d.version "
                  "WHERE v.key IS NULL OR v.content_hash <> d.content_hash");
    while (current.step()) complain(current.text(0));
    Query kept(c, "SELECT digest FROM digests WHERE digest_at = changes");
    if (kept.step() && kept.text(0) != digest_of(c)) complain("digest");
  });
}

std::uint64_t SqliteWarehouse::bytes() {
  return store_.read([](Connection& c) {
    Query query(c, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
    query.step();
    return static_cast<std::uint64_t>(query.integer(0));
  });
}

std::unique_ptr<Warehouse> open_warehouse(const std::filesystem::path& folder, FileSystem& files) {
  return std::make_unique<SqliteWarehouse>(folder, files);
}

}  // namespace twin::stores
