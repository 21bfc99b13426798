// The MongoDB warehouse through its module, against a real server.
#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "stores/warehouse/conformance.h"
#include "stores/warehouse/crash_for_test.h"
#include "stores/warehouse/mongo_server_for_test.h"

using namespace twin;
using namespace twin::stores;

namespace {

/// One for all tests: each test has databases of its own in it.
MongoServer& server() {
  static MongoServer one;
  return one;
}

std::unique_ptr<Warehouse> open_mongo(const std::filesystem::path& folder) {
  return open_warehouse(server().config(folder), folder, no_secrets());
}

std::unique_ptr<Warehouse> open_mongo_with_raw(const std::filesystem::path& folder) {
  WarehouseConfig config = server().config(folder);
  config.raw = "database";
  return open_warehouse(config, folder, no_secrets());
}

}  // namespace

TEST_CASE("warehouse: MongoDB conforms") {
  if (MongoServer::available()) test_warehouse(open_mongo);
}

TEST_CASE("warehouse: MongoDB keeps raw bytes for several machines") {
  if (!MongoServer::available()) return;
  const TempFolder folder;
  const auto here = open_mongo_with_raw(folder.path());
  const std::string small("bytes\0\xff", 7);
  std::string large;
  std::mt19937 random(7);
  while (large.size() < (20u << 20)) large += static_cast<char>(random());
  const auto small_hash = here->objects().put(small).value();
  const auto large_hash = here->objects().put(large).value();
  CHECK(here->objects().put(small).value() == small_hash);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "objects"));
  const auto there = open_mongo_with_raw(folder.path());
  CHECK(there->objects().get(small_hash).value() == small);
  CHECK(there->objects().get(large_hash).value() == large);
  CHECK(there->objects().get(std::string(64, '0')).error().kind == ErrorKind::not_found);
}

TEST_CASE("warehouse: MongoDB, killed at any instant, keeps what was told and doubles nothing") {
  if (!MongoServer::available()) return;
  const TempFolder folder;
  const auto home = folder.path() / "home";
  static_cast<void>(server());
  std::mt19937 random(20261124);
  int next = 0;
  for (int round = 0; round < 8; ++round) {
    const int last =
        crash::write_and_kill(open_mongo, home, next, std::uniform_int_distribution<int>(20'000, 400'000)(random));
    next = static_cast<int>(open_mongo(home)->counts().versions);
    if (next > 0) crash::check_state(open_mongo, home, last);
  }
  CHECK(next > 0);
}

TEST_CASE("warehouse: MongoDB, two machines write the same documents at once") {
  if (!MongoServer::available()) return;
  const TempFolder folder;
  const auto write = [&](int machine) {
    const auto warehouse = open_mongo(folder.path());
    for (int i = 0; i < 60; ++i) {
      Document d = sample_document(i % 3, "machine " + std::to_string(machine) + " write " + std::to_string(i));
      warehouse->upsert(d);
    }
  };
  std::thread one(write, 1);
  std::thread two(write, 2);
  one.join();
  two.join();
  const auto warehouse = open_mongo(folder.path());
  std::map<std::string, int> versions;
  warehouse->each_version({}, [&](Document&& d) {
    CHECK(d.version == ++versions[d.id]);
    return true;
  });
  CHECK(warehouse->counts().versions == 120);
}

TEST_CASE("warehouse: MongoDB, a document with so many versions that one row cannot hold them") {
  if (!MongoServer::available()) return;
  const TempFolder folder;
  const auto warehouse = open_mongo(folder.path());
  constexpr int kVersions = 40;
  Document d;
  for (int i = 0; i < kVersions; ++i) {
    d = sample_document(1, std::to_string(i));
    d.metadata["long"] = std::string(600'000, 'x');
    warehouse->upsert(d);
  }
  CHECK(d.version == kVersions);
  CHECK(warehouse->counts().versions == kVersions);
  CHECK(warehouse->document(d.id, 1)->body == sample_document(1, "0").body);
  Document old = *warehouse->document(d.id, 2);
  old.title = "restored";
  warehouse->restore(old);
  CHECK(warehouse->document(d.id, 2)->title == "restored");
  CHECK(warehouse->counts().versions == kVersions);
  const auto copy = open_mongo(folder.path() / "copy");
  std::vector<Document> all;
  warehouse->each_version({}, [&](Document&& version) {
    CHECK(version.version == static_cast<int>(all.size()) + 1);
    all.push_back(std::move(version));
    return true;
  });
  copy->restore_all(all);
  CHECK(copy->counts().versions == kVersions);
  CHECK(copy->document(d.id, 2)->title == "restored");
  CHECK(copy->digest() == warehouse->digest());
}

TEST_CASE("warehouse: MongoDB, no server is an error that says where, and a server that comes back is found") {
  if (!MongoServer::available()) return;
  const TempFolder folder;
  MongoServer own;
  WarehouseConfig config = own.config(folder.path());
  const auto warehouse = open_warehouse(config, folder.path(), no_secrets());
  Document d = sample_document(1);
  warehouse->upsert(d);
  const int port = own.port();
  own.stop();
  try {
    static_cast<void>(warehouse->document(d.id));
    FAIL("answered without a server");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::network);
    CHECK(fatal.error().where.find(std::to_string(port)) != std::string::npos);
    CHECK_FALSE(fatal.error().hint.empty());
  }
  std::thread later;
  config.retry_seconds = 60;
  {
    std::unique_ptr<MongoServer> back;
    later = std::thread([&] { back = std::make_unique<MongoServer>(port); });
    // Opened while there is nobody: waits for the server, and goes on.
    const auto patient = open_warehouse(config, folder.path(), no_secrets());
    Document again = sample_document(1);
    CHECK(patient->upsert(again) == Upsert::inserted);
    later.join();
  }
}
