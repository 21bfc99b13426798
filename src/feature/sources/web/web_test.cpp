#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "feature/sources/web/address.h"
#include "feature/sources/web/item_states.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/page.h"

using namespace twin;
using namespace twin::feature;
using namespace twin::feature::web;

TEST_CASE("web addresses") {
  const auto address = parse_address(" HTTPS://user@WWW.Example.org:8080/%EA%B8%80/a%2Fb?x=1&y=%EB%91%98+z#part ");
  REQUIRE(address);
  CHECK(address->scheme == "https");
  CHECK(address->host == "example.org");
  CHECK(address->origin == "https://www.example.org:8080");
  CHECK(address->parts() == std::vector<std::string>{"글", "a/b"});
  CHECK(address->parameter("y") == "둘 z");
  CHECK(address->parameter("z").empty());
  CHECK(parse_address("https://example.org?x=1")->path == "/");
  CHECK(parse_address("http://[::1]:80/")->origin == "http://[::1]:80");
  CHECK(parse_address("https://me.example.com")->label_below("example.com") == "me");
  CHECK(parse_address("https://a.b.example.com")->label_below("example.com").empty());
  CHECK(parse_address("https://notexample.com")->label_below("example.com").empty());
  for (const char* none : {"", "example.org", "ftp://example.org", "https://", "https:///x", "/a/b", "https://a b/"}) {
    CAPTURE(none);
    CHECK(!parse_address(none));
  }
  CHECK(percent_decode("%zz%4") == "%zz%4");
  CHECK(query_encode("가 &") == "%EA%B0%80%20%26");
}

TEST_CASE("item states: known only in the same state; failures are not in it") {
  ItemStates first("");
  CHECK(!first.unchanged("https://x/1", "v1"));
  first.read("https://x/1", "v1");
  first.read("https://x/2", "v1");
  first.read("https://x/3", "");
  ItemStates second(first.cursor());
  CHECK(second.unchanged("https://x/1", "v1"));
  CHECK(!second.unchanged("https://x/2", "v2"));
  CHECK(!second.unchanged("https://x/3", ""));
  second.carry("https://x/2");
  second.carry("https://x/4");
  CHECK(second.cursor() == first.cursor());
  ItemStates third(ItemStates(first.cursor()).cursor());
  CHECK(!third.unchanged("https://x/1", "v1"));  // was not there in the second run
  CHECK(!ItemStates("\"etag\"\nWed").unchanged("https://x/1", "v1"));
}

TEST_CASE("JSON of services: what is missing or odd is empty") {
  const auto json =
      parse_json(R"({"a": {"b": "x", "n": "12", "f": 1.5, "t": true}, "l": ["p", {"name": "q"}, null]})", "w");
  REQUIRE(json);
  CHECK(string_of(at(*json, {"a", "b"})) == "x");
  CHECK(string_of(at(*json, {"a", "b", "c"})).empty());
  CHECK(integer_of(at(*json, {"a", "n"})) == 12);
  CHECK(integer_of(at(*json, {"a", "f"}), -1) == -1);
  CHECK(bool_of(at(*json, {"a"}), "t"));
  CHECK(strings_of(member(*json, "l"), "name") == std::vector<std::string>{"p", "q"});
  CHECK(!parse_json("{\"a\": ", "w"));
  CHECK(!parse_json(std::string(1'000'000, '['), "w"));
  const auto error = parse_json("<html>\n<body>Sign in</body>", "https://x/").error();
  CHECK(error.where == "https://x/");
  CHECK(error.message.find("Sign in") != std::string::npos);
  CHECK(format_time(time_of(Json(1'710'118'065))) == "2024-03-11T00:47:45.000Z");
  CHECK(format_time(time_of(Json(1'710'118'065'000))) == "2024-03-11T00:47:45.000Z");
  CHECK(plain_title("Tips &amp; <b>tricks</b>") == "Tips & tricks");
}
