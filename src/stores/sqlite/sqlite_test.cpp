#include <doctest/doctest.h>

#include <fstream>
#include <thread>

#include "core/files.h"
#include "stores/sqlite/store.h"

using namespace twin;
using namespace twin::stores::sqlite;

namespace {

const Schema kSchema{{"CREATE TABLE items(key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB);"
                      "CREATE TABLE parts(item INTEGER NOT NULL REFERENCES items(key));"},
                     nullptr};

std::int64_t count(Store& store) {
  return store.read([](Connection& c) {
    Query query(c, "SELECT count(*) FROM items");
    query.step();
    return query.integer(0);
  });
}

void insert(Connection& c, std::string_view name) {
  Query(c, "INSERT INTO items(name) VALUES(?)", name).run();
}

}  // namespace

TEST_CASE("sqlite: a write is all or nothing") {
  const TempFolder folder;
  Store store(folder.path() / "new" / "folder" / "a.db", kSchema);
  store.write([](Connection& c) { insert(c, "one"); });
  CHECK_THROWS_AS(store.write([](Connection& c) {
    insert(c, "two");
    throw std::runtime_error("the body fails");
  }),
                  std::runtime_error);
  CHECK(count(store) == 1);
  CHECK_THROWS_AS(store.write([](Connection& c) {
    insert(c, "three");
    insert(c, "one");
  }),
                  Fatal);
  CHECK(count(store) == 1);
}

TEST_CASE("sqlite: a reader sees one instant while others write") {
  const TempFolder folder;
  Store store(folder.path() / "a.db", kSchema);
  store.write([](Connection& c) { insert(c, "one"); });
  store.read([&](Connection& c) {
    Query before(c, "SELECT name FROM items");
    REQUIRE(before.step());
    store.write([](Connection& w) { insert(w, "two"); });
    CHECK(count(store) == 2);
    CHECK_FALSE(before.step());
    Query after(c, "SELECT count(*) FROM items");
    REQUIRE(after.step());
    CHECK(after.integer(0) == 1);
  });
}

TEST_CASE("sqlite: values come back as they went in") {
  const TempFolder folder;
  Store store(folder.path() / "a.db", kSchema);
  const std::string odd("a\0b'\"\xED\x95\x9C", 8);
  const std::array<std::byte, 3> data{std::byte{0}, std::byte{255}, std::byte{7}};
  store.write([&](Connection& c) {
    Query insert_item(c, "INSERT INTO items(name, data) VALUES(?, ?)", odd, Query::Blob(data));
    insert_item.run();
    insert_item.again();
    insert_item.bind(std::string_view(""));
    insert_item.bind(Query::Blob{});
    insert_item.run();
  });
  store.read([&](Connection& c) {
    Query query(c, "SELECT name, data FROM items ORDER BY key");
    REQUIRE(query.step());
    CHECK(query.text(0) == odd);
    REQUIRE(query.blob(1).size() == 3);
    CHECK(query.blob(1)[1] == std::byte{255});
    REQUIRE(query.step());
    CHECK(query.text(0).empty());
    CHECK_FALSE(query.is_null(1));
    CHECK(query.blob(1).empty());
  });
}

TEST_CASE("sqlite: foreign keys hold") {
  const TempFolder folder;
  Store store(folder.path() / "a.db", kSchema);
  CHECK_THROWS_AS(store.write([](Connection& c) { Query(c, "INSERT INTO parts VALUES(7)").run(); }), Fatal);
}

TEST_CASE("sqlite: the same statement can be used inside itself") {
  const TempFolder folder;
  Store store(folder.path() / "a.db", kSchema);
  store.write([](Connection& c) {
    insert(c, "one");
    insert(c, "two");
  });
  const int pairs = store.read([](Connection& c) {
    int found = 0;
    Query outer(c, "SELECT key FROM items");
    while (outer.step()) {
      Query inner(c, "SELECT key FROM items");
      while (inner.step()) ++found;
    }
    return found;
  });
  CHECK(pairs == 4);
}

TEST_CASE("sqlite: migrations run once, a newer file is refused") {
  const TempFolder folder;
  const auto file = folder.path() / "a.db";
  {
    Store(file, kSchema).write([](Connection& c) { insert(c, "kept"); });
  }
  Schema next = kSchema;
  next.migrations.push_back("ALTER TABLE items ADD COLUMN extra TEXT NOT NULL DEFAULT 'x'");
  {
    Store store(file, next);
    CHECK(count(store) == 1);
    store.write([](Connection& c) { Query(c, "UPDATE items SET extra = 'y'").run(); });
  }
  try {
    Store store(file, kSchema);
    FAIL("an older program opened a newer file");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::invalid);
    CHECK(fatal.error().where == file.string());
  }
}

TEST_CASE("sqlite: a file that is no database is named in the error and left as it is") {
  const TempFolder folder;
  const auto file = folder.path() / "a.db";
  const std::string bytes(5000, 'x');
  std::ofstream(file) << bytes;
  try {
    Store store(file, kSchema);
    FAIL("opened a text file");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::io);
    CHECK(fatal.error().where == file.string());
    CHECK_FALSE(fatal.error().hint.empty());
  }
  CHECK(disk().read(file).value() == bytes);
}

TEST_CASE("sqlite: a folder that cannot be made is an error with its name") {
  const TempFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  CHECK_THROWS_AS(Store(folder.path() / "file" / "a.db", kSchema), Fatal);
}

TEST_CASE("sqlite: a full disk is told as such, loses nothing, and writing goes on when there is room") {
  const TempFolder folder;
  const auto file = folder.path() / "a.db";
  int written = 0;
  const auto fill = [&](Store& store, int limit) {
    for (int i = 0; i < limit; ++i) {
      store.write([&](Connection& c) { insert(c, std::to_string(written) + std::string(2000, 'x')); });
      ++written;
    }
  };
  {
    Store store(file, kSchema, {.max_pages = 40});
    try {
      fill(store, 1000);
      FAIL("the limit did not hold");
    } catch (const Fatal& fatal) {
      CHECK(fatal.error().kind == ErrorKind::io);
      CHECK(fatal.error().message.find("full") != std::string::npos);
      CHECK(fatal.error().where == file.string());
    }
    CHECK(written > 0);
    CHECK(count(store) == written);
  }
  Store store(file, kSchema);
  CHECK(count(store) == written);
  fill(store, 10);
  CHECK(count(store) == written);
}

TEST_CASE("sqlite: two stores of one file, as two processes, wait for each other") {
  const TempFolder folder;
  const auto file = folder.path() / "a.db";
  constexpr int kEach = 40;
  const auto work = [&](const std::string& name) {
    Store store(file, kSchema);
    for (int i = 0; i < kEach; ++i) store.write([&](Connection& c) { insert(c, name + std::to_string(i)); });
  };
  std::thread first(work, "a");
  std::thread second(work, "b");
  first.join();
  second.join();
  Store store(file, kSchema);
  CHECK(count(store) == 2 * kEach);
}
