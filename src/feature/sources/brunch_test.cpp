#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("brunch: the API's list to its end; an article for members costs itself") {
  ReplayHttp replay("brunch");
  SourceTest test("brunch", {{"url", "https://brunch.co.kr/@moonlit"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  REQUIRE(test.documents.size() == 2);
  const auto& walk = test.documents.at("https://brunch.co.kr/@moonlit/31");
  CHECK(walk.title == "겨울 산책");
  CHECK(walk.authors == std::vector<std::string>{"달빛"});
  CHECK(format_time(walk.published) == "2024-03-11T00:47:45.000Z");
  CHECK(walk.metadata.at("subtitle") == "눈이 오기 전에");
  CHECK(walk.metadata.at("tags") == "에세이, 산책");
  CHECK(walk.bytes.find("wrap_item") != std::string::npos);
  CHECK(test.documents.contains("https://brunch.co.kr/@moonlit/30"));
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].where == "https://brunch.co.kr/@moonlit/2");

  test.cursor = report->cursor;
  replay.requests.clear();
  REQUIRE(test.run());
  const auto asked = [&](const char* end) {
    return std::any_of(replay.requests.begin(), replay.requests.end(),
                       [&](const HttpRequest& r) { return r.url.ends_with(end); });
  };
  CHECK(!asked("/31"));  // its time of change is known
  CHECK(asked("/30"));   // the list does not tell
  CHECK(asked("/2"));    // failed before
}

TEST_CASE("brunch: without the API its feed is read, which is not everything") {
  ReplayHttp replay("brunch");
  SourceTest test("brunch", {{"url", "https://brunch.co.kr/@quiet"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  REQUIRE(test.documents.size() == 1);
  CHECK(test.documents.begin()->second.authors == std::vector<std::string>{"고요"});
  CHECK(report->notes.size() == 1);

  SourceTest nobody("brunch", {{"url", "https://brunch.co.kr/@nobody"}});
  nobody.client = &replay;
  CHECK(!nobody.run());
}
