#include "stores/index/location.h"

#include <doctest/doctest.h>

using namespace twin;
using namespace twin::stores;

namespace {

Result<void> check_uri(const std::string& uri) {
  IndexConfig config;
  config.uri = uri;
  return check_index_address(config);
}

}  // namespace

TEST_CASE("index address: a key in it is refused and not repeated") {
  for (const std::string uri : {"qdrant://s3cret@host/name", "qdrants://me:s3cret@host:6333/name", "x://s3cret@host"}) {
    const auto checked = check_uri(uri);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().kind == ErrorKind::usage);
    CHECK(checked.error().text().find("s3cret") == std::string::npos);
    const auto parsed = parse_index_address(uri, {});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text().find("s3cret") == std::string::npos);
  }
}

TEST_CASE("index address: what is right and what is not") {
  for (const std::string right : {"", "qdrant://host/name", "qdrant://host:7000/my-index_2", "qdrants://h.example/n",
                                  "qdrant://[::1]:6333/n", "qdrant://[::1]/n"}) {
    CHECK_MESSAGE(check_uri(right), right);
  }
  for (const std::string wrong : {"qdrant://host", "qdrant://host/", "qdrant:///name", "qdrant://host:x/name",
                                  "qdrant://host:99999/name", "qdrant://host:/name", "qdrant://host/a/b",
                                  "qdrant://host/a.v1", "qdrant://host/a?b", "http://host/name", "host/name"}) {
    CHECK_MESSAGE(!check_uri(wrong), wrong);
  }
}

TEST_CASE("index address: of a command line") {
  IndexConfig base;
  base.heading_weight = 3;
  base.uri = "qdrant://other/mine";
  const auto sqlite = parse_index_address("sqlite:/tmp/a/index.db", base);
  REQUIRE(sqlite);
  CHECK(sqlite->config.uri.empty());
  CHECK(sqlite->folder == "/tmp/a/");
  CHECK(sqlite->config.heading_weight == 3);
  const auto server = parse_index_address("qdrant://host/name", base);
  REQUIRE(server);
  CHECK(server->config.uri == "qdrant://host/name");
  CHECK(server->folder.empty());
  CHECK_FALSE(parse_index_address("sqlite:", base));
  CHECK_FALSE(parse_index_address("/tmp/a", base));
}
