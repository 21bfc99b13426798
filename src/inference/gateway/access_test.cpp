#include "inference/gateway/access.h"

#include <doctest/doctest.h>

using namespace twin::inference;

namespace {
ApiRequest with(const std::string& name, const std::string& value, const std::string& host = "127.0.0.1:8741") {
  ApiRequest request;
  request.headers = {{"host", host}};
  request.headers[name] = value;
  return request;
}
}  // namespace

TEST_CASE("loopback addresses") {
  for (const char* host : {"127.0.0.1", "127.0.0.1:80", "127.8.9.1", "localhost", "LOCALHOST:1", "::1", "[::1]:8741"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const char* host : {"", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.org", "127.evil.org", "127.0.0.1.evil.org",
                           "evil.org:127", "[::2]", "[", "1270.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
  }
}

TEST_CASE("secrets compare by value") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abc", "abd"));
  CHECK_FALSE(same_secret("abc", "abcd"));
  CHECK_FALSE(same_secret("", "a"));
}

TEST_CASE("a key lets only its holders in") {
  const Access access("0.0.0.0", "secret");
  for (const char* value : {"", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2", "Basic secret"}) {
    CAPTURE(value);
    const auto error = access.check_key(with("authorization", value));
    REQUIRE(error);
    CHECK(error->status == 401);
    CHECK(error->code == "invalid_api_key");
  }
  CHECK_FALSE(access.check_key(with("authorization", "Bearer secret")));
  CHECK_FALSE(access.check_key(with("authorization", "bearer secret")));
  CHECK_FALSE(Access("127.0.0.1", "").check_key({}));
}

TEST_CASE("on loopback a foreign Host is refused: DNS rebinding") {
  const Access access("127.0.0.1", "");
  CHECK_FALSE(access.check_origin(with("host", "localhost:8741")));
  CHECK_FALSE(access.check_origin(with("host", "127.0.0.1:8741")));
  CHECK(access.check_origin(with("host", "evil.org:8741"))->status == 403);
  CHECK_FALSE(Access("0.0.0.0", "key").check_origin(with("host", "twin.example.org")));
}

TEST_CASE("pages of other sites are refused, our own is not") {
  const Access access("127.0.0.1", "");
  CHECK_FALSE(access.check_origin(with("origin", "http://127.0.0.1:8741")));
  for (const char* origin : {"http://evil.org", "http://127.0.0.1:1", "null", "http://", "127.0.0.1:8741"}) {
    CAPTURE(origin);
    REQUIRE(access.check_origin(with("origin", origin)));
    CHECK(access.check_origin(with("origin", origin))->code == "origin_not_allowed");
  }
}
