#include "stores/index/sqlite_index.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <doctest/doctest.h>

#include <algorithm>
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

void check_whole(const std::filesystem::path& folder) {
  SQLite::Database database((folder / "index.db").string(), SQLite::OPEN_READWRITE);
  CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
  CHECK_FALSE(SQLite::Statement(database, "PRAGMA foreign_key_check").executeStep());
  CHECK(database.execAndGet("SELECT (SELECT count(*) FROM chunks) = (SELECT count(*) FROM vectors)").getInt() == 1);
  CHECK(database.execAndGet("SELECT (SELECT count(*) FROM chunks) = (SELECT count(*) FROM codes)").getInt() == 1);
  CHECK(database.execAndGet("SELECT (SELECT count(*) FROM chunks) = (SELECT count(*) FROM words)").getInt() == 1);
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
    database.exec("DROP TABLE pictures");
    database.exec("DROP TABLE words");
    database.exec("CREATE VIRTUAL TABLE passages USING fts5(headings, body, content='', tokenize='twin')");
    database.exec("CREATE VIRTUAL TABLE terms USING fts5vocab(passages, 'row')");
    database.exec("DELETE FROM meta WHERE key IN ('removals', 'words_cache', 'vectors_cache')");
    database.exec("PRAGMA user_version = 1");
  }
  const auto index = open_index(folder.path());
  CHECK(index->lexical("beta", 5).size() == 1);
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
    database.exec("UPDATE words SET counts = x'00'");
    database.exec("UPDATE meta SET value = '-1' WHERE key = 'tokenizer'");
  }
  const auto index = open_index(folder.path());
  CHECK(ids_of(index->lexical("플랫폼", 5)) == Ids{chunk_id("one", 0)});
  index->remove("one");
  check_whole(folder.path());
}

TEST_CASE("index: words follow what is written, from memory and from the file, and are those of a fresh index") {
  const TempFolder folder;
  constexpr int kDocuments = 400;
  std::mt19937 random(31);
  const auto text_of = [&] {
    std::string text;
    for (int i = 0; i < 12; ++i) text += word(std::uniform_int_distribution<int>(0, 60)(random)) + " 국회 도서관을 ";
    return text;
  };
  const auto query = word(3) + ' ' + word(17) + ' ' + word(44) + " 도서관";
  const auto same = [&](Index& index) {
    const TempFolder other;
    const auto rebuilt = fresh(other);
    index.each_entry([&](IndexEntry&& entry) {
      REQUIRE(rebuilt->replace(entry.document, entry.chunks, entry.vectors));
      return true;
    });
    const auto expected = rebuilt->lexical(query, 40);
    const auto reopened = open_index(folder.path());
    for (Index* opened : {&index, reopened.get()}) {
      const auto hits = opened->lexical(query, 40);
      CHECK(ids_of(hits) == ids_of(expected));
      REQUIRE(hits.size() == expected.size());
      for (std::size_t i = 0; i < hits.size(); ++i) CHECK(hits[i].score == expected[i].score);
      const auto scores = opened->lexical_scores(query, ids_of(expected));
      REQUIRE(scores.size() == expected.size());
      for (const Hit& hit : scores) {
        const auto at =
            std::find_if(expected.begin(), expected.end(), [&](const Hit& e) { return e.chunk_id == hit.chunk_id; });
        CHECK(hit.score == at->score);
      }
    }
  };
  const auto index = fresh(folder);
  for (int i = 0; i < kDocuments; ++i) {
    add(*index, "d" + std::to_string(i), {text_of(), text_of()});
    if (i % 97 == 96) CHECK(index->lexical(query, 5).size() == 5);
  }
  same(*index);
  index->settle();
  CHECK(std::filesystem::exists(folder.path() / "words.cache"));
  same(*index);
  for (int i = 0; i < 60; ++i) {  // some gone, some new, after the file was written
    if (i % 3 == 0) index->remove("d" + std::to_string(i * 5));
    if (i % 3 == 1) add(*index, "d" + std::to_string(i * 5), {text_of()});
    if (i % 3 == 2) add(*index, "more" + std::to_string(i), {text_of()});
  }
  same(*index);
  index->settle();
  same(*index);
}

TEST_CASE("index: a damaged, foreign or missing file of words is made again") {
  const TempFolder folder;
  {
    const auto index = fresh(folder);
    for (int i = 0; i < 300; ++i) add(*index, "d" + std::to_string(i), {word(i) + " text"});
    index->settle();
  }
  const auto file = folder.path() / "words.cache";
  const std::string whole = disk().read(file).value();
  const auto found = [&] { return ids_of(open_index(folder.path())->lexical(word(7), 5)); };
  const Ids expected{chunk_id("d7", 0)};
  CHECK(found() == expected);
  std::string flipped = whole;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  for (const std::string& bytes :
       {flipped, whole.substr(0, whole.size() / 2), std::string(), std::string("not a file of words")}) {
    REQUIRE(disk().write(file, bytes));
    CHECK(found() == expected);
  }
  REQUIRE(disk().remove(file));
  CHECK(found() == expected);
  // An older copy of the database beside a newer file, whose keys mean other passages.
  const TempFolder older;
  std::filesystem::copy_file(folder.path() / "index.db", older.path() / "index.db");
  {
    const auto index = open_index(folder.path());
    for (int i = 300; i < 700; ++i) add(*index, "d" + std::to_string(i), {word(i) + " text"});
    index->settle();
  }
  REQUIRE(disk().write(older.path() / "words.cache", disk().read(file).value()));
  const auto index = open_index(older.path());
  for (int i = 0; i < 400; ++i) add(*index, "other" + std::to_string(i), {word(1000 + i)});
  CHECK(index->lexical(word(301), 5).empty());
  CHECK(ids_of(index->lexical(word(1001), 5)) == Ids{chunk_id("other1", 0)});
}
