#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"
#include "feature/sources/wordpress/wp_api.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("wordpress: where the API is") {
  CHECK(wordpress::api_root("https://example.org/") == "https://example.org/wp-json/wp/v2/");
  CHECK(wordpress::api_root("https://example.org/blog") == "https://example.org/blog/wp-json/wp/v2/");
  CHECK(wordpress::api_root("https://example.org/blog/wp-json/wp/v2/posts") ==
        "https://example.org/blog/wp-json/wp/v2/");
  CHECK(wordpress::api_root("https://me.wordpress.com") ==
        "https://public-api.wordpress.com/wp/v2/sites/me.wordpress.com/");
}

TEST_CASE("wordpress: all pages of the listing, authors and terms, protected posts left out") {
  ReplayHttp replay("wordpress");
  SourceTest test("wordpress", {{"url", "https://garden.example.org/blog"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(test.failures.empty());
  REQUIRE(test.documents.size() == 2);
  const auto& tomatoes = test.documents.at("https://garden.example.org/blog/tomatoes/");
  CHECK(tomatoes.title == "Tomatoes – a diary");
  CHECK(tomatoes.authors == std::vector<std::string>{"Jane & Co"});
  CHECK(tomatoes.metadata.at("category") == "Garden");
  CHECK(tomatoes.metadata.at("tags") == "tomato, soil");
  CHECK(format_time(tomatoes.published) == "2024-03-01T06:00:00.000Z");
  CHECK(tomatoes.metadata.at("modified") == "2024-03-05T06:00:00.000Z");
  CHECK(test.documents.at("https://garden.example.org/blog/%ed%85%83%eb%b0%ad/").title == "텃밭 일기");
  CHECK(report->notes.size() == 1);
  CHECK(replay.requests.size() == 3);
}

TEST_CASE("wordpress: an unchanged site costs its listing") {
  ReplayHttp replay("wordpress");
  SourceTest test("wordpress", {{"url", "https://garden.example.org/blog"}});
  test.client = &replay;
  const auto first = test.run();
  REQUIRE(first);
  test.cursor = first->cursor;
  replay.requests.clear();
  auto context = test.context(disk());
  context.wants = [](const std::string& url) { return url.find("secret") == std::string::npos; };
  const auto again = test.source->collect(context, [](Item&&) { return true; });
  REQUIRE(again);
  CHECK(replay.requests.size() == 2);
  CHECK(again->complete);
}

TEST_CASE("wordpress: a post that breaks the answer costs itself") {
  ReplayHttp replay("wordpress");
  SourceTest test("wordpress", {{"url", "https://someone.wordpress.com"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.documents.size() == 1);
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].where == "https://someone.wordpress.com/2024/03/09/broken/");
}

TEST_CASE("wordpress: where the API is off the feed is read page by page, and that is said") {
  ReplayHttp replay("wordpress");
  SourceTest test("wordpress", {{"url", "https://old.example.org"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.documents.size() == 2);
  CHECK(test.documents.at("https://old.example.org/a/").authors == std::vector<std::string>{"Old Jane"});
  CHECK(report->notes.size() == 1);
  CHECK(test.failures.empty());
}
