#include "stores/warehouse/sqlite_warehouse.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>
#include <random>
#include <thread>

#include "stores/warehouse/conformance.h"
#include "stores/warehouse/crash_for_test.h"
#include "stores/warehouse/schema.h"

using namespace twin;
using namespace twin::stores;

namespace {

std::string plan(const std::filesystem::path& file, const std::string& sql) {
  SQLite::Database database(file.string());
  SQLite::Statement statement(database, "EXPLAIN QUERY PLAN " + sql);
  std::string plan;
  while (statement.executeStep()) plan += statement.getColumn(3).getString() + "\n";
  return plan;
}

std::unique_ptr<Warehouse> open_sqlite(const std::filesystem::path& folder) {
  return open_warehouse(folder);
}

}  // namespace

TEST_CASE("warehouse: SQLite conforms") {
  test_warehouse(open_sqlite);
}

TEST_CASE("warehouse: killed at any instant, nothing told is lost and nothing is doubled") {
  const TempFolder folder;
  const auto home = folder.path() / "home";
  std::mt19937 random(20261124);
  int next = 0;
  for (int round = 0; round < 12; ++round) {
    const int last =
        crash::write_and_kill(open_sqlite, home, next, std::uniform_int_distribution<int>(500, 120'000)(random));
    if (!std::filesystem::exists(home / "warehouse.db")) continue;
    {
      SqliteWarehouse reopened(home, disk());
      next = static_cast<int>(reopened.counts().versions);
    }
    SQLite::Database database((home / "warehouse.db").string());
    CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK_FALSE(SQLite::Statement(database, "PRAGMA foreign_key_check").executeStep());
    crash::check_state(open_sqlite, home, last);
  }
  CHECK(next > 0);
}

TEST_CASE("warehouse: a full disk loses nothing and writing goes on later") {
  const TempFolder folder;
  int written = 0;
  {
    SqliteWarehouse warehouse(folder.path(), disk(), {.max_pages = 120});
    const auto fill = [&] {
      for (; written < 10'000; ++written) {
        Document d = sample_document(written, std::string(3000, 'x'));
        warehouse.upsert(d);
      }
    };
    CHECK_THROWS_AS(fill(), Fatal);
    CHECK(written > 10);
    CHECK(warehouse.counts().documents == written);
  }
  SqliteWarehouse warehouse(folder.path(), disk());
  Document d = sample_document(written, std::string(3000, 'x'));
  CHECK(warehouse.upsert(d) == Upsert::inserted);
  CHECK(warehouse.counts().documents == written + 1);
}

TEST_CASE("warehouse: a batch that fails leaves nothing, and writing goes on") {
  const TempFolder folder;
  SqliteWarehouse warehouse(folder.path(), disk());
  Document d = sample_document(1);
  const auto fails = [&] {
    warehouse.batch([&] {
      warehouse.get_or_create_user("김지수", {});
      warehouse.upsert(d);
      warehouse.set_origin({d.url, "feed", "x", d.url, "k", {}, 0});
      throw std::runtime_error("halfway");
    });
  };
  CHECK_THROWS_AS(fails(), std::runtime_error);
  CHECK(warehouse.counts().documents == 0);
  CHECK(warehouse.counts().users == 0);
  CHECK_FALSE(warehouse.remove_origin(d.url));
  std::thread other([&] {
    Document mine = sample_document(2);
    warehouse.upsert(mine);
  });
  other.join();
  CHECK(warehouse.upsert(d) == Upsert::inserted);
  CHECK(warehouse.counts().documents == 2);
}

TEST_CASE("warehouse: documents of before origins were kept get one") {
  const TempFolder folder;
  const auto file = folder.path() / "warehouse.db";
  {
    SQLite::Database old(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    old.exec(kWarehouseV1);
    old.exec("PRAGMA user_version = 1");
    for (const int key : {1, 2, 3}) {
      const std::string n = std::to_string(key), deleted = key == 2 ? "1" : "0";
      const std::string metadata = key == 3 ? "{}" : R"({"source_location":"/home/me"})";
      old.exec("INSERT INTO documents VALUES(" + n + ", 'doc_" + n + "', 'file:///" + n + "', 'folder', 'a', 2, 'h', " +
               deleted + ", 0)");
      for (const char* version : {"1", "2"}) {
        old.exec(
            "INSERT INTO versions(document, version, source, category, author_ids, title, raw_sha256, raw_type, "
            "language, published, fetched, content_hash, metadata) VALUES(" +
            n + ", " + version + ", 'folder', 'a', '[]', '', '', '', '', 0, 0, 'h', '" + metadata + "')");
      }
    }
  }
  SqliteWarehouse warehouse(folder.path(), disk());
  std::vector<std::string> urls;
  warehouse.each_origin("folder", "/home/me", [&](Origin&& origin) {
    CHECK(origin.key.empty());
    urls.push_back(origin.url);
    return true;
  });
  CHECK(urls == std::vector<std::string>{"file:///1"});
}

TEST_CASE("warehouse: another process's writes are seen at once") {
  const TempFolder folder;
  SqliteWarehouse reader(folder.path(), disk());
  SqliteWarehouse writer(folder.path(), disk());
  Document d = sample_document(1);
  writer.upsert(d);
  CHECK(reader.document(d.id, 0));
  Document changed = sample_document(1, "again");
  CHECK(reader.upsert(changed) == Upsert::updated);
  CHECK(writer.document(d.id, 0)->version == 2);
}

TEST_CASE("warehouse: the digest is kept, and forgotten with every change, whoever makes it") {
  const TempFolder folder;
  SqliteWarehouse warehouse(folder.path(), disk());
  Document d = sample_document(1);
  warehouse.upsert(d);
  const std::string first = warehouse.digest();
  SQLite::Database database((folder.path() / "warehouse.db").string(), SQLite::OPEN_READWRITE);
  const auto kept = [&] {
    return database.execAndGet("SELECT digest FROM digests WHERE digest_at = changes").getString();
  };
  CHECK(kept() == first);
  CHECK(warehouse.digest() == first);
  Document same = sample_document(1);
  same.fetched += 9;
  warehouse.upsert(same);
  CHECK_MESSAGE(kept() == first, "seen again is no change");
  database.exec("UPDATE documents SET content_hash = 'other'");
  CHECK(warehouse.digest() != first);
  Document again = sample_document(1);
  warehouse.upsert(again);
  warehouse.tombstone(again.id, 1);
  const std::string deleted = warehouse.digest();
  CHECK(deleted != first);
  CHECK(kept() == deleted);
  bool damaged = false;
  database.exec("UPDATE digests SET digest = 'wrong'");
  warehouse.check([&](Error&&) { damaged = true; });
  CHECK(damaged);
}

TEST_CASE("warehouse: check() finds what is damaged") {
  const TempFolder folder;
  SqliteWarehouse warehouse(folder.path(), disk());
  for (int i = 0; i < 3; ++i) {
    Document d = sample_document(i);
    warehouse.upsert(d);
  }
  std::vector<std::string> found;
  const auto check = [&] {
    found.clear();
    warehouse.check([&](Error&& error) { found.push_back(error.message); });
  };
  check();
  CHECK(found.empty());
  SQLite::Database database((folder.path() / "warehouse.db").string(), SQLite::OPEN_READWRITE);
  database.exec("DELETE FROM bodies WHERE version = 2");
  check();
  REQUIRE(found.size() == 1);
  CHECK(found[0].find(sample_document(1).url) != std::string::npos);
}

TEST_CASE("warehouse: what is asked often goes through an index") {
  const TempFolder folder;
  { SqliteWarehouse warehouse(folder.path(), disk()); }
  const auto file = folder.path() / "warehouse.db";
  for (const std::string condition :
       {"d.id = 'x'", "d.id > 'x' ORDER BY d.id", "d.url >= 'x' AND d.url < 'y'", "d.source = 'x'", "d.category = 'x'",
        "d.key IN (SELECT document FROM document_authors WHERE author = 'x')"}) {
    const auto steps = plan(file, "SELECT d.key FROM documents d WHERE " + condition);
    CHECK_MESSAGE(steps.find("SCAN d") == std::string::npos, condition, ": ", steps);
    CHECK_MESSAGE(steps.find("TEMP B-TREE") == std::string::npos, condition, ": ", steps);
  }
}
