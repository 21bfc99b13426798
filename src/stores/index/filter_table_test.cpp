#include "stores/index/filter_table.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "core/files.h"
#include "stores/index/sqlite_index.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

// The keys of the database that lie in the ranges; fails where these are not ascending and apart.
std::vector<std::int64_t> keys_in(const std::vector<KeyRange>& ranges, const std::set<std::int64_t>& all) {
  std::vector<std::int64_t> keys;
  std::int64_t before = -1;
  for (const KeyRange& range : ranges) {
    REQUIRE(range.first > before);
    REQUIRE(range.last >= range.first);
    before = range.last;
    keys.insert(keys.end(), all.lower_bound(range.first), all.upper_bound(range.last));
  }
  return keys;
}

}  // namespace

TEST_CASE("filters: the columns in memory let through what SQL does, after any replacing and removing") {
  const TempFolder folder;
  const auto index = open_index(folder.path());
  index->use_model("model", kDimension);
  std::mt19937 random(31);
  const auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  const auto name = [&](const char* what, int most) { return what + std::to_string(up_to(most)); };
  for (int i = 0; i < 120; ++i) {
    const std::string id = "d" + std::to_string(up_to(60));
    if (up_to(5) == 0) {
      index->remove(id);
      continue;
    }
    auto [document, chunks, vectors] =
        made(id, std::vector<std::string>(static_cast<std::size_t>(up_to(4)), "some text"));
    document.category = name("c", 2);
    document.source = name("s", 1);
    document.language = name("l", 2);
    document.author_ids = {name("a", 3), name("a", 3)};
    document.published = up_to(3) == 0 ? 0 : up_to(1000);
    REQUIRE(index->replace(document, chunks, vectors));
  }
  sqlite::Connection c(folder.path() / "index.db", sqlite::Connection::Mode::reader, {});
  std::set<std::int64_t> all;
  sqlite::Query query(c, "SELECT key FROM chunks");
  while (query.step()) all.insert(query.integer(0));
  REQUIRE(all.size() > 20);
  const FilterTable table(c);
  std::size_t passed = 0;
  for (int round = 0; round < 300; ++round) {
    IndexFilter filter;
    if (up_to(2) == 0) filter.categories = {name("c", 3)};
    if (up_to(2) == 0) filter.sources = {name("s", 1)};
    if (up_to(2) == 0) filter.languages = {name("l", 2), name("l", 2)};
    if (up_to(2) == 0) filter.author_ids = {name("a", 3), name("a", 3)};
    if (up_to(5) == 0) filter.document_ids = {name("d", 60), name("d", 60), name("d", 60)};
    if (up_to(3) == 0) filter.published_from = up_to(500);
    if (up_to(3) == 0) filter.published_before = up_to(1200);
    if (filter.empty()) continue;
    const auto expected = keys_in(index_detail::filtered_chunks(c, filter), all);
    CHECK(keys_in(table.passing(filter), all) == expected);
    passed += expected.size();
  }
  CHECK(passed > 300);
}
