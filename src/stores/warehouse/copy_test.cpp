#include "stores/warehouse/copy.h"

#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>

#include "stores/warehouse/conformance.h"
#include "stores/warehouse/mongo_server_for_test.h"

using namespace twin;
using namespace twin::stores;

namespace {

/// Users, versions, tombstones, raw objects, origins, cursors; one document much larger than the others.
void fill(Warehouse& warehouse, int documents) {
  const User user = warehouse.get_or_create_user("김지수", {"jisu@example.org"});
  for (int i = 0; i < documents; ++i) {
    for (int version = 0; version <= i % 3; ++version) {
      Document d = sample_document(i, "version " + std::to_string(version));
      if (i == 5) d.body += std::string(9u << 20, 'x');
      d.author_ids = {user.id};
      d.raw_sha256 = warehouse.objects().put("raw " + std::to_string(i) + "." + std::to_string(version)).value();
      d.metadata[source_location_key] = "/home/me";
      warehouse.upsert(d);
      warehouse.set_origin({d.url, d.source, "/home/me", d.url, "key", "12:34", i % 2});
    }
    if (i % 4 == 0) warehouse.tombstone(document_id(sample_document(i).url), 1000 + i);
  }
  warehouse.set_cursor("feed", "etag");
}

std::unique_ptr<Warehouse> open_copy(const std::filesystem::path& folder) {
  return open_warehouse(folder);
}

void check_equal(Warehouse& a, Warehouse& b) {
  CHECK(a.digest() == b.digest());
  CHECK(whole_digest(a) == whole_digest(b));
  CHECK(a.counts().versions == b.counts().versions);
  CHECK(a.counts().deleted == b.counts().deleted);
  CHECK(b.cursor("feed") == "etag");
  b.each_version({.include_deleted = true}, [&](Document&& d) {
    CHECK(b.objects().get(d.raw_sha256).value() == a.objects().get(d.raw_sha256).value());
    return true;
  });
}

/// Asks to stop after some documents.
class StopAfter final : public ProgressSink {
 public:
  StopAfter(std::stop_source& stop, int documents) : stop_(stop), left_(documents) {}
  std::unique_ptr<Progress> start(std::string_view, std::string_view) override {
    class Counter final : public Progress {
     public:
      explicit Counter(StopAfter& sink) : sink_(sink) {}
      void total(std::uint64_t) override {}
      void add(std::uint64_t) override {
        if (--sink_.left_ == 0) sink_.stop_.request_stop();
      }
      void note(std::string_view) override {}

     private:
      StopAfter& sink_;
    };
    return std::make_unique<Counter>(*this);
  }

 private:
  std::stop_source& stop_;
  int left_;
};

}  // namespace

TEST_CASE("warehouse copy: everything comes along, stopped and gone on") {
  const TempFolder folder;
  const auto from = open_copy(folder.path() / "from");
  fill(*from, 300);
  const auto to = open_copy(folder.path() / "to");
  std::stop_source stop;
  StopAfter sink(stop, 200);
  const auto first = copy_warehouse(*from, *to, sink, stop.get_token());
  CHECK(first.stopped);
  CHECK(to->counts().documents > 0);
  CHECK(to->counts().documents < 300);
  const auto second = copy_warehouse(*from, *to, silent_progress(), {});
  CHECK(second.resumed);
  CHECK(second.documents < 300);
  CHECK_FALSE(second.stopped);
  check_equal(*from, *to);
  CHECK(verify_warehouse(*to, silent_progress(), {}).damage.empty());

  // The original goes on; the copy follows.
  Document d = sample_document(7, "later");
  d.raw_sha256 = from->objects().put("later").value();
  from->upsert(d);
  copy_warehouse(*from, *to, silent_progress(), {});
  check_equal(*from, *to);
}

TEST_CASE("warehouse copy: into something else, or onto itself, is refused") {
  const TempFolder folder;
  const auto from = open_copy(folder.path() / "from");
  fill(*from, 3);
  const auto other = open_copy(folder.path() / "other");
  Document own = sample_document(99);
  other->upsert(own);
  for (Warehouse* to : {other.get(), from.get()}) {
    try {
      static_cast<void>(copy_warehouse(*from, *to, silent_progress(), {}));
      FAIL("copied");
    } catch (const Fatal& fatal) {
      CHECK(fatal.error().kind == ErrorKind::usage);
    }
  }
  CHECK(other->counts().documents == 1);
}

TEST_CASE("warehouse copy: raw bytes that are lost are told, the rest is copied") {
  const TempFolder folder;
  const auto from = open_copy(folder.path() / "from");
  fill(*from, 4);
  const auto lost = from->document(document_id(sample_document(1).url))->raw_sha256;
  REQUIRE(disk().remove(from->objects().path(lost)));
  const auto to = open_copy(folder.path() / "to");
  const auto report = copy_warehouse(*from, *to, silent_progress(), {});
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].where.find(lost) != std::string::npos);
  CHECK(to->digest() == from->digest());
  const auto verified = verify_warehouse(*to, silent_progress(), {});
  REQUIRE(verified.damage.size() == 1);
  CHECK(verified.damage[0].where.find(lost) != std::string::npos);
}

TEST_CASE("warehouse verify: what does not match its hash is found") {
  const TempFolder folder;
  const auto warehouse = open_copy(folder.path());
  fill(*warehouse, 3);
  const auto whole = verify_warehouse(*warehouse, silent_progress(), {});
  CHECK(whole.damage.empty());
  CHECK(whole.documents == 3);
  CHECK(whole.versions == 6);
  CHECK(whole.objects == 6);
  SQLite::Database database((folder.path() / "warehouse.db").string(), SQLite::OPEN_READWRITE);
  database.exec("UPDATE bodies SET body = body || 'x' WHERE version = 2");
  database.exec("UPDATE versions SET author_ids = '[\"user_none\"]' WHERE key = 4");
  const auto damaged = verify_warehouse(*warehouse, silent_progress(), {});
  CHECK(damaged.damage.size() == 3);  // an author is part of the content, too
}

TEST_CASE("warehouse stats count") {
  const TempFolder folder;
  const auto warehouse = open_copy(folder.path());
  CHECK(warehouse_stats(*warehouse).objects == 0);
  fill(*warehouse, 6);
  const auto stats = warehouse_stats(*warehouse);
  CHECK(stats.by_source.at("folder") == 4);
  CHECK(stats.by_language.at("ko") == 4);
  CHECK(stats.objects == 12);
  CHECK(stats.object_bytes == 12 * 7);
  CHECK(stats.database_bytes > 0);
  CHECK(stats.digest == warehouse->digest());
}

TEST_CASE("warehouse copy: SQLite to MongoDB and back") {
  if (!MongoServer::available()) return;
  const TempFolder folder;
  MongoServer server;
  const auto from = open_copy(folder.path() / "from");
  fill(*from, 40);
  WarehouseConfig config = server.config(folder.path());
  config.raw = "database";
  const auto mongo = open_warehouse(config, folder.path() / "mongo", no_secrets());
  const auto report = copy_warehouse(*from, *mongo, silent_progress(), {});
  CHECK(report.failures.empty());
  CHECK(report.documents == 40);
  check_equal(*from, *mongo);
  CHECK(verify_warehouse(*mongo, silent_progress(), {}).damage.empty());
  CHECK(warehouse_stats(*mongo).objects == warehouse_stats(*from).objects);
  const auto back = open_copy(folder.path() / "back");
  copy_warehouse(*mongo, *back, silent_progress(), {});
  check_equal(*from, *back);
}
