#include "stores/warehouse/sqlite_warehouse.h"

#include "core/hash.h"
#include "stores/warehouse/schema.h"

namespace twin::stores {

using sqlite::Connection;
using sqlite::Query;

SqliteWarehouse::SqliteWarehouse(const std::filesystem::path& folder, FileSystem& files, sqlite::Options options)
    : store_(folder / "warehouse.db", {{kWarehouseV1, kWarehouseV2}, nullptr}, options), objects_(files, folder / "objects") {}

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

std::string SqliteWarehouse::digest() {
  return store_.read([](Connection& c) {
    Sha256 hash;
    Query query(c, "SELECT id, version, content_hash, deleted FROM documents ORDER BY id");
    while (query.step()) {
      for (int column = 0; column < 4; ++column) hash.field(query.text(column));
    }
    return hash.hex();
  });
}

std::unique_ptr<Warehouse> open_warehouse(const std::filesystem::path& folder, FileSystem& files) {
  return std::make_unique<SqliteWarehouse>(folder, files);
}

}  // namespace twin::stores
