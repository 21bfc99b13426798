#include "stores/index/index_check.h"

#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"
#include "stores/index/index.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

void fill(const std::filesystem::path& folder) {
  const auto index = open_index(folder);
  index->use_model("model", kDimension);
  for (int i = 0; i < 300; ++i) add(*index, "d" + std::to_string(i), {word(i) + " in a passage", word(i) + " again"});
  index->settle();
}

void overwrite(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(at);
  out << bytes;
  REQUIRE(out.good());
}

}  // namespace

TEST_CASE("index check: a whole index, and none, are not damaged") {
  const TempFolder folder;
  CHECK_FALSE(find_index_damage(folder.path()));
  fill(folder.path());
  CHECK_FALSE(find_index_damage(folder.path(), 0));
  CHECK_FALSE(find_index_damage(folder.path()));
  CHECK(open_index(folder.path())->counts().documents == 300);
}

TEST_CASE("index check: damage anywhere in the file is found, moved aside, and an empty index is there instead") {
  const TempFolder folder;
  fill(folder.path());
  const auto file = folder.path() / "index.db";
  REQUIRE_FALSE(find_index_damage(folder.path()));
  const std::string whole = disk().read(file).value();
  const auto size = static_cast<std::streamoff>(whole.size());
  SUBCASE("no database at all") {
    REQUIRE(disk().write(
        file, "this is no database, but long enough to be taken for a file of one" + std::string(4096, 'x')));
  }
  SUBCASE("the header") {
    overwrite(file, 0, std::string(100, '\0'));
  }
  SUBCASE("pages in the middle") {
    overwrite(file, size / 2 / 4096 * 4096, std::string(8 * 4096, '\xA5'));
  }
  SUBCASE("cut off") {
    std::filesystem::resize_file(file, static_cast<std::uintmax_t>(size / 3));
  }
  SUBCASE("one bit of a vector") {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE);
    database.exec("UPDATE vectors SET vector = CAST(x'00000040' || substr(vector, 5) AS BLOB) WHERE chunk = 77");
  }
  SUBCASE("the words of a passage") {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE);
    database.exec("UPDATE words SET counts = x'0305' WHERE chunk = 78");
  }
  const auto damage = find_index_damage(folder.path());
  REQUIRE(damage);
  CHECK_FALSE(damage->empty());
  const auto aside = set_aside_index(folder.path());
  CHECK(std::filesystem::exists(aside / "index.db"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "words.cache"));
  CHECK_FALSE(find_index_damage(folder.path()));
  const auto index = open_index(folder.path());
  CHECK(index->counts().documents == 0);
  index->use_model("model", kDimension);
  add(*index, "d1", {word(1)});
  CHECK(index->lexical(word(1), 5).size() == 1);
}

TEST_CASE("index check: a file that did not change is read again only after a while, or when asked to") {
  const TempFolder folder;
  fill(folder.path());
  REQUIRE_FALSE(find_index_damage(folder.path()));
  const auto file = folder.path() / "index.db";
  const auto time = std::filesystem::last_write_time(file);
  overwrite(file, 40960, std::string(4096, '\xA5'));  // as a disk does: the time of the file stays
  std::filesystem::last_write_time(file, time);
  CHECK_FALSE(find_index_damage(folder.path()));
  CHECK(find_index_damage(folder.path(), 0));
  forget_index_check(folder.path());
  CHECK(find_index_damage(folder.path()));
}
