#include "stores/index/sqlite_index.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "core/files.h"
#include "core/hash.h"
#include "stores/index/conformance.h"
#include "stores/index/fts5_tokenizer.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

using Ids = std::vector<std::string>;

std::unique_ptr<Index> fresh(const TempFolder& folder) {
  auto index = open_index(folder.path());
  index->use_model("model", kDimension);
  return index;
}

void fill_with_fillers(Index& index, int count) {
  for (int i = 0; i < count; ++i)
    add(index, "filler" + std::to_string(i), {"unrelated words number " + std::to_string(i)});
}

// Contentless FTS5 tables check their own structure; the database as a whole is checked by SQLite.
void check_whole(const std::filesystem::path& folder) {
  SQLite::Database database((folder / "index.db").string(), SQLite::OPEN_READWRITE);
  register_tokenizer(database);
  CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
  CHECK_FALSE(SQLite::Statement(database, "PRAGMA foreign_key_check").executeStep());
  CHECK_NOTHROW(database.exec("INSERT INTO passages(passages) VALUES('integrity-check')"));
  CHECK(database.execAndGet("SELECT (SELECT count(*) FROM chunks) = (SELECT count(*) FROM vectors)").getInt() == 1);
  CHECK(database.execAndGet("SELECT (SELECT count(*) FROM chunks) = (SELECT count(*) FROM codes)").getInt() == 1);
}

}  // namespace

TEST_CASE("index: SQLite conforms") {
  test_index([](const std::filesystem::path& folder, const IndexConfig& config) { return open_index(folder, config); });
}

TEST_CASE("index: SQLite is whole after replacing, removing and another model") {
  const TempFolder folder;
  const auto index = fresh(folder);
  fill_with_fillers(*index, 5);
  add(*index, "one", {"alpha version", "beta version"});
  add(*index, "one", {"gamma"});
  index->remove("filler2");
  index->remove("filler2");
  check_whole(folder.path());
  CHECK(index->use_model("two", 3));
  auto [document, chunks, vectors] = made("a", {"alpha"});
  vectors[0] = {1, 0, 0};
  REQUIRE(index->replace(document, chunks, vectors));
  CHECK(index->use_model("three", 3));
  check_whole(folder.path());
}

TEST_CASE("index: one of the first version is taken over, its passages without parents") {
  const TempFolder folder;
  {
    const auto index = fresh(folder);
    add(*index, "one", {"alpha", "beta"});
  }
  {
    SQLite::Database database((folder.path() / "index.db").string(), SQLite::OPEN_READWRITE);
    register_tokenizer(database);
    for (const char* column : {"parent_start", "parent_end", "parent_headings"}) {
      database.exec(std::string("ALTER TABLE chunks DROP COLUMN ") + column);
    }
    database.exec("PRAGMA user_version = 1");
  }
  const auto index = open_index(folder.path());
  const auto found = index->passages({chunk_id("one", 1)});
  REQUIRE(found.size() == 1);
  CHECK(found[0].chunk.text == "beta");
  CHECK(found[0].chunk.parent == ParentSpan{});
  auto [document, chunks, vectors] = made("two", {"gamma", "delta"});
  chunks[0].parent = chunks[1].parent = {0, document.prose.size(), 1};
  REQUIRE(index->replace(document, chunks, vectors));
  CHECK(index->chunk(chunks[1].id)->parent == chunks[1].parent);
  check_whole(folder.path());
}

TEST_CASE("index: an index made by another tokenizer gets its words again on opening") {
  const TempFolder folder;
  {
    const auto index = fresh(folder);
    fill_with_fillers(*index, 5);
    add(*index, "one", {"플랫폼을 만든다"});
  }
  {
    SQLite::Database database((folder.path() / "index.db").string(), SQLite::OPEN_READWRITE);
    register_tokenizer(database);
    database.exec("INSERT INTO passages(passages) VALUES('delete-all')");
    database.exec("UPDATE meta SET value = '-1' WHERE key = 'tokenizer'");
  }
  const auto index = open_index(folder.path());
  CHECK(ids_of(index->lexical("플랫폼", 5)) == Ids{chunk_id("one", 0)});
  index->remove("one");
  check_whole(folder.path());
}
