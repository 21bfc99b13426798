#include "feature/collect/http_cache.h"

#include <doctest/doctest.h>

#include <fstream>

#include "core/files.h"
#include "feature/collect/script_http_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

constexpr std::uint64_t plenty = 64 << 20;

HttpResponse page(std::string body, Headers headers = {{"etag", "\"1\""}}) {
  HttpResponse out = answer_of(200, std::move(body), std::move(headers));
  out.url = "https://example.org/";
  return out;
}

}  // namespace

TEST_CASE("an answer outlives the program, to the byte") {
  const TempFolder folder;
  FakeClock clock;
  const std::string body("two\0bytes \xff 한글", 18);
  { HttpCache(folder.path(), plenty, clock).store("k", page(body, {{"etag", "W/\"a\""}, {"x-note", "caf\u00e9"}})); }
  HttpCache cache(folder.path(), plenty, clock);
  const auto entry = cache.find("k").value();
  CHECK(entry.response.body == body);
  CHECK(entry.response.status == 200);
  CHECK(entry.response.url == "https://example.org/");
  CHECK(entry.etag() == "W/\"a\"");
  CHECK(entry.stored == clock.now());
  CHECK(!cache.find("other"));
  cache.drop("k");
  CHECK(!cache.find("k"));
}

TEST_CASE("what may be kept") {
  const auto may = [](Headers headers, int status = 200) {
    return HttpCache::may_keep(get_request("https://example.org/"), answer_of(status, "x", std::move(headers)));
  };
  CHECK(may({{"etag", "\"1\""}}));
  CHECK(may({{"last-modified", "Tue, 14 Nov 2023 22:14:20 GMT"}}));
  CHECK(may({{"cache-control", "private, max-age=60"}}));
  CHECK(!may({}));
  CHECK(!may({{"etag", "\"1\""}}, 404));
  CHECK(!may({{"etag", "\"1\""}}, 206));
  CHECK(!may({{"etag", "\"1\""}, {"cache-control", "No-Store"}}));
  CHECK(!may({{"etag", "\"1\""}, {"vary", "*"}}));
  CHECK(!may({{"etag", std::string(5000, 'e')}}));
  CHECK(may({{"etag", "\"1\""}, {"cache-control", "\xff\xfe, public"}}));  // no UTF-8, and no crash
}

TEST_CASE("requests that may be answered differently have different keys") {
  const auto key = [](const char* url, Headers headers) {
    return HttpCache::key_of(get_request(url, std::move(headers)));
  };
  const auto base = key("https://a/", {{"Accept", "x"}, {"B", "y"}});
  CHECK(base == key("https://a/", {{"b", "y"}, {"ACCEPT", "x"}}));
  CHECK(base != key("https://a/", {{"Accept", "x"}}));
  CHECK(base != key("https://b/", {{"Accept", "x"}, {"B", "y"}}));
  CHECK(key("https://a/", {{"Authorization", "Bearer 1"}}) != key("https://a/", {{"Authorization", "Bearer 2"}}));
}

TEST_CASE("a confirmation renews headers and age, not the body") {
  const TempFolder folder;
  FakeClock clock;
  HttpCache cache(folder.path(), plenty, clock);
  cache.store("k", page("body", {{"etag", "\"1\""}, {"cache-control", "max-age=10"}, {"content-length", "4"}}));
  CHECK(cache.find("k")->fresh(clock.now() + 9'000));
  CHECK(!cache.find("k")->fresh(clock.now() + 10'000));
  clock.advance(Millis{60'000});
  cache.confirm("k", answer_of(304, "", {{"cache-control", "max-age=20"}, {"content-length", "0"}}));
  const auto entry = cache.find("k").value();
  CHECK(entry.response.body == "body");
  CHECK(entry.response.header("cache-control") == "max-age=20");
  CHECK(entry.response.header("content-length") == "4");
  CHECK(entry.etag() == "\"1\"");
  CHECK(entry.fresh(clock.now() + 19'000));
}

TEST_CASE("freshness by its own word") {
  const auto fresh = [](Headers headers, UnixMillis later) {
    return HttpCache::Entry{answer_of(200, "", std::move(headers)), 1'000'000}.fresh(1'000'000 + later);
  };
  CHECK(fresh({{"cache-control", "max-age=60"}}, 59'000));
  CHECK(!fresh({{"cache-control", "max-age=60"}, {"age", "30"}}, 31'000));
  CHECK(!fresh({{"cache-control", "max-age=60, no-cache"}}, 1));
  CHECK(!fresh({{"cache-control", "max-age=x"}}, 1));
  CHECK(!fresh({{"cache-control", "max-age=-1"}}, 1));
  CHECK(fresh({{"cache-control", "max-age=99999999999999"}}, 1));
  CHECK(!fresh({{"cache-control", "max-age=60"}}, -5'000));  // the clock was set back
  CHECK(!fresh({{"etag", "\"1\""}}, 0));
}

TEST_CASE("beyond its limit the answers used longest ago go; equal bodies are stored once") {
  const TempFolder folder;
  FakeClock clock;
  constexpr std::uint64_t limit = 1'000'000;
  HttpCache cache(folder.path(), limit, clock);
  const auto body = [](int i) { return std::string(100'000, static_cast<char>('a' + i)); };
  for (int i = 0; i < 9; ++i) {
    cache.store("k" + std::to_string(i), page(body(i)));
    clock.advance(Millis{86'400'000});
  }
  CHECK(cache.find("k0"));  // used now
  clock.advance(Millis{86'400'000});
  for (int i = 9; i < 12; ++i) cache.store("k" + std::to_string(i), page(body(i)));
  CHECK(cache.find("k0"));
  CHECK(!cache.find("k1"));
  CHECK(cache.find("k11"));
  for (int i = 0; i < 30; ++i) cache.store("same" + std::to_string(i), page(body(0)));
  for (int i = 0; i < 30; ++i) CHECK(cache.find("same" + std::to_string(i)));
  cache.store("huge", page(std::string(limit / 2, 'x')));
  CHECK(!cache.find("huge"));
}

TEST_CASE("a damaged cache costs nothing but itself") {
  const TempFolder folder;
  FakeClock clock;
  std::ofstream(folder.path() / "cache.db")
      << "this is no database, it only lies where one should be. " << std::string(8192, 'x');
  HttpCache cache(folder.path(), plenty, clock);
  cache.store("k", page("body"));
  CHECK(cache.find("k")->response.body == "body");
  // A folder where the file should be cannot be mended: a cache that holds nothing.
  const TempFolder other;
  std::filesystem::create_directories(other.path() / "cache.db" / "inside");
  HttpCache none(other.path(), plenty, clock);
  none.store("k", page("body"));
  CHECK(!none.find("k"));
  CHECK(!none.robots("https://example.org"));
}

TEST_CASE("robots.txt is kept apart, by origin") {
  const TempFolder folder;
  FakeClock clock;
  HttpCache cache(folder.path(), plenty, clock);
  CHECK(!cache.robots("https://example.org"));
  cache.store_robots("https://example.org", "Disallow: /\n");
  CHECK(cache.robots("https://example.org")->text == "Disallow: /\n");
  CHECK(cache.robots("https://example.org")->fetched == clock.now());
}
