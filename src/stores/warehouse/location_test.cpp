#include "stores/warehouse/location.h"

#include <doctest/doctest.h>

using namespace twin;
using namespace twin::stores;

namespace {

Result<void> check(const std::string& uri, const std::string& database = {}) {
  WarehouseConfig config;
  config.uri = uri;
  config.database = database;
  return check_address(config);
}

}  // namespace

TEST_CASE("warehouse address: a password in it is refused and not repeated") {
  for (const std::string uri : {"mongodb://me:s3cret@host/db", "mongodb+srv://me:s3cret@host/db",
                                "mongodb://me:s3cr@et@host/db", "mongodb://me:@host/db"}) {
    const auto checked = check(uri);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().kind == ErrorKind::usage);
    CHECK(checked.error().text().find("s3cr") == std::string::npos);
    CHECK(checked.error().hint.find("MONGODB_PASSWORD") != std::string::npos);
    const auto parsed = parse_address(uri, {});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text().find("s3cr") == std::string::npos);
  }
  const auto other = check("mysql://me:s3cret@host/db");
  REQUIRE_FALSE(other);
  CHECK(other.error().text().find("s3cret") == std::string::npos);
}

TEST_CASE("warehouse address: what is right and what is not") {
  CHECK(check(""));
  CHECK(check("mongodb://host/db"));
  CHECK(check("mongodb://me@a,b,c/db?replicaSet=rs"));
  CHECK(check("mongodb+srv://host/db"));
  CHECK(check("mongodb://host", "db"));
  CHECK_FALSE(check("mongodb://host"));
  CHECK_FALSE(check("mongodb://host/?tls=true"));
  CHECK_FALSE(check("mongodb:///db"));
  CHECK_FALSE(check("host/db"));
}

TEST_CASE("warehouse address: of a command line") {
  WarehouseConfig base;
  base.raw = "database";
  base.database = "mine";
  const auto sqlite = parse_address("sqlite:/tmp/a/warehouse.db", base);
  REQUIRE(sqlite);
  CHECK(sqlite->config.uri.empty());
  CHECK(sqlite->folder == "/tmp/a/");
  const auto mongo = parse_address("mongodb://host/other", base);
  REQUIRE(mongo);
  CHECK(mongo->config.database.empty());
  CHECK(mongo->config.raw == "database");
  CHECK(parse_address("mongodb://host", base)->config.database == "mine");
  CHECK_FALSE(parse_address("sqlite:", base));
  CHECK_FALSE(parse_address("/tmp/a", base));
}

TEST_CASE("warehouse address: a user without a password is asked for by name") {
  WarehouseConfig config;
  config.uri = "mongodb://me@127.0.0.1/db";
  const TempFolder folder;
  try {
    static_cast<void>(open_warehouse(config, folder.path(), no_secrets()));
    FAIL("opened");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::usage);
    CHECK(fatal.error().text().find(mongodb_password) != std::string::npos);
  }
}
