#include "stores/warehouse/sqlite_warehouse.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "stores/warehouse/conformance.h"
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

constexpr int kDocuments = 7;

Document write_number(int i) {
  return sample_document(i % kDocuments, "write " + std::to_string(i));
}

// Upserts for ever; tells each finished write through the pipe. Ends by being killed.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, int from, int pipe) {
  try {
    SqliteWarehouse warehouse(folder, disk());
    for (int i = from;; ++i) {
      Document d = write_number(i);
      warehouse.upsert(d);
      if (i % 11 == 10) warehouse.tombstone(d.id, i);
      if (write(pipe, &i, sizeof i) != sizeof i) _exit(3);
    }
  } catch (const std::exception& exception) {
    fprintf(stderr, "writer: %s\n", exception.what());
    _exit(4);
  }
}

// Lets a child write from number `from` on, kills it after a while; returns the last write it had told of.
int write_and_kill(const std::filesystem::path& folder, int from, int microseconds) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_until_killed(folder, from, ends[1]);
  }
  close(ends[1]);
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  int last = from - 1;
  int told = 0;
  while (read(ends[0], &told, sizeof told) == sizeof told) last = told;
  close(ends[0]);
  return last;
}

// Every version is whole and in sequence, and the last told write is there (the one after it may be).
void check_state(const std::filesystem::path& folder, int last) {
  SqliteWarehouse warehouse(folder, disk());
  std::map<std::string, int> versions;
  warehouse.each_version({.include_deleted = true}, [&](Document&& d) {
    CHECK(d.version == ++versions[d.id]);
    CHECK(d.content_hash == content_hash(d));
    return true;
  });
  if (last >= 0) {
    const Document told = write_number(last);
    const auto kept = warehouse.document(document_id(told.url), 0);
    REQUIRE(kept);
    CHECK_MESSAGE(kept->body == told.body, "write ", last, " is lost");
  }
  std::int64_t total = 0;
  for (const auto& [id, count] : versions) total += count;
  CHECK(total == warehouse.counts().versions);
  CHECK((total == last + 1 || total == last + 2));
  const auto digest = warehouse.digest();
  SqliteWarehouse copy(folder.parent_path() / ("copy" + std::to_string(last)), disk());
  warehouse.each_version({.include_deleted = true}, [&](Document&& d) {
    copy.restore(d);
    return true;
  });
  CHECK(copy.digest() == digest);
}

}  // namespace

TEST_CASE("warehouse: SQLite conforms") {
  test_warehouse([](const std::filesystem::path& folder) { return open_warehouse(folder); });
}

TEST_CASE("warehouse: killed at any instant, nothing told is lost and nothing is doubled") {
  const TempFolder folder;
  const auto home = folder.path() / "home";
  std::mt19937 random(20261124);
  int next = 0;
  for (int round = 0; round < 12; ++round) {
    const int last = write_and_kill(home, next, std::uniform_int_distribution<int>(500, 120'000)(random));
    if (!std::filesystem::exists(home / "warehouse.db")) continue;
    {
      SqliteWarehouse reopened(home, disk());
      next = static_cast<int>(reopened.counts().versions);
    }
    SQLite::Database database((home / "warehouse.db").string());
    CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK_FALSE(SQLite::Statement(database, "PRAGMA foreign_key_check").executeStep());
    check_state(home, last);
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
      warehouse.get_or_create_user("김지수");
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
        old.exec("INSERT INTO versions(document, version, source, category, author_ids, title, raw_sha256, raw_type, "
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

TEST_CASE("warehouse: what is asked often goes through an index") {
  const TempFolder folder;
  { SqliteWarehouse warehouse(folder.path(), disk()); }
  const auto file = folder.path() / "warehouse.db";
  for (const std::string condition :
       {"d.id = 'x'", "d.url >= 'x' AND d.url < 'y'", "d.source = 'x' ORDER BY d.id", "d.category = 'x' ORDER BY d.id",
        "d.key IN (SELECT document FROM document_authors WHERE author = 'x')"}) {
    const auto steps = plan(file, "SELECT d.key FROM documents d WHERE " + condition);
    CHECK_MESSAGE(steps.find("SCAN d") == std::string::npos, condition, ": ", steps);
    CHECK_MESSAGE(steps.find("TEMP B-TREE") == std::string::npos, condition, ": ", steps);
  }
}
