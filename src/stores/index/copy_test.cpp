#include "stores/index/copy.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "stores/index/qdrant/server_for_test.h"
#include "stores/index/test_data.h"

using namespace twin;
using namespace twin::stores;

namespace {

void fill_for_copy(Index& index, int count) {
  index.use_model("model", kDimension);
  for (int i = 0; i < count; ++i) {
    auto [d, chunks, vectors] = made(
        "d" + std::to_string(i), {"text " + word(i), "두 번째 문단 " + word(i), std::string(i % 3 == 0 ? "" : "x")});
    d.author_ids = {"user_a", "user_b"};
    d.weight = 1.0 / (i + 3);
    chunks[1].text = "no slice of the prose";
    chunks[2].headings = {};
    chunks[2].parent = {chunks[0].start, chunks[2].end, i % 2};
    if (i % 4 == 1)
      d.pictures = {{0, "a.png", "aa", vectors[1]}, {0, "b.png", "bb", vectors[2]}, {2, "c", "cc", vectors[0]}};
    REQUIRE(index.replace(d, chunks, vectors));
  }
  add(index, "empty", {});
  index.set_query_centering({1, std::vector<float>(kDimension, 0.1F), {}, {}});
}

IndexCopyReport copy(Index& from, Index& to) {
  return copy_index(from, to, silent_progress(), {});
}

void check_same(Index& a, Index& b) {
  CHECK(a.digest() == b.digest());
  CHECK(a.model().hash == b.model().hash);
  CHECK(a.query_centering() == b.query_centering());
  std::vector<IndexEntry> left, right;
  a.each_entry([&](IndexEntry&& e) { return left.push_back(std::move(e)), true; });
  b.each_entry([&](IndexEntry&& e) { return right.push_back(std::move(e)), true; });
  REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    CHECK(left[i].document.id == right[i].document.id);
    CHECK(left[i].document.weight == right[i].document.weight);
    CHECK(left[i].document.author_ids == right[i].document.author_ids);
    CHECK(left[i].document.prose == right[i].document.prose);
    CHECK(left[i].document.pictures == right[i].document.pictures);
    CHECK(left[i].vectors == right[i].vectors);
    REQUIRE(left[i].chunks.size() == right[i].chunks.size());
    for (std::size_t c = 0; c < left[i].chunks.size(); ++c) {
      CHECK(left[i].chunks[c].id == right[i].chunks[c].id);
      CHECK(left[i].chunks[c].text == right[i].chunks[c].text);
      CHECK(left[i].chunks[c].retrieval == right[i].chunks[c].retrieval);
      CHECK(left[i].chunks[c].headings == right[i].chunks[c].headings);
      CHECK(left[i].chunks[c].parent == right[i].chunks[c].parent);
    }
  }
}

}  // namespace

TEST_CASE("index copy: SQLite to SQLite, again, and after changes") {
  const TempFolder one, two;
  const auto from = open_index(one.path());
  const auto to = open_index(two.path());
  CHECK_THROWS_AS(copy(*from, *to), Fatal);  // nothing there
  fill_for_copy(*from, 12);
  const auto first = copy(*from, *to);
  CHECK(first.documents == 13);
  CHECK(first.chunks == 36);
  CHECK(first.digest == from->digest());
  check_same(*from, *to);
  CHECK(copy(*from, *to).unchanged == 13);
  from->remove("d3");
  auto [d, chunks, vectors] = made("d4", {"new"});
  d.feature_key = "another";
  REQUIRE(from->replace(d, chunks, vectors));
  const auto second = copy(*from, *to);
  CHECK(second.removed == 1);
  CHECK(second.documents == 1);
  check_same(*from, *to);
}

TEST_CASE("index copy: a target that is no copy of the source is refused and stays") {
  const TempFolder one, two, three;
  const auto from = open_index(one.path());
  fill_for_copy(*from, 3);
  CHECK_THROWS_AS(copy(*from, *from), Fatal);
  const auto other = open_index(two.path());
  other->use_model("model", kDimension);
  add(*other, "foreign", {"text"});
  const auto model = open_index(three.path());
  model->use_model("another", kDimension);
  add(*model, "d1", {"text"});
  for (Index* index : {other.get(), model.get()}) {
    const auto digest = index->digest();
    try {
      copy(*from, *index);
      FAIL("copied");
    } catch (const Fatal& fatal) {
      CHECK(fatal.error().kind == ErrorKind::usage);
    }
    CHECK(index->digest() == digest);
  }
}

TEST_CASE("index copy: stopped, it goes on where it was") {
  const TempFolder one, two;
  const auto from = open_index(one.path());
  const auto to = open_index(two.path());
  fill_for_copy(*from, 6);
  std::stop_source stop;
  stop.request_stop();
  CHECK(copy_index(*from, *to, silent_progress(), stop.get_token()).stopped);
  CHECK(to->counts().documents == 0);
  const auto [document, chunks, vectors] = made("empty", {});
  REQUIRE(to->replace(document, chunks, vectors));  // as if it had been stopped behind this one
  const auto rest = copy(*from, *to);
  CHECK(rest.documents == 6);
  CHECK(rest.unchanged == 1);
}

TEST_CASE("index copy: SQLite to Qdrant and back is the same to the bit") {
  if (!QdrantServer::available()) return;
  const TempFolder one, two, back;
  const auto from = open_index(one.path());
  fill_for_copy(*from, 40);
  const auto server = open_index(shared_qdrant().config(two.path()), two.path(), no_secrets());
  const auto there = copy(*from, *server);
  CHECK(there.documents == 41);
  check_same(*from, *server);
  const auto again = open_index(back.path());
  copy(*server, *again);
  check_same(*from, *again);
  CHECK(copy(*from, *server).documents == 0);
}
