#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("medium: stories without the feed's marks, members-only ones noted, never complete") {
  ReplayHttp replay("medium");
  SourceTest test("medium", {{"url", "https://medium.com/@mina"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  REQUIRE(test.documents.size() == 2);
  const auto& story =
      test.documents.at("https://medium.com/@mina/what-i-learned-from-ten-years-of-on-call-0123456789ab");
  CHECK(story.authors == std::vector<std::string>{"Mina Park"});
  CHECK(story.metadata.at("tags") == "sre, software-engineering");
  CHECK(story.metadata.at("modified") == "2024-03-11T08:00:00.000Z");
  CHECK(story.metadata.count("preview") == 0);
  const auto& korean = test.documents.at("https://medium.com/@mina/%ED%9A%8C%EA%B3%A0-ba9876543210");
  CHECK(korean.title == "회고 & 다짐");
  CHECK(korean.metadata.at("preview") == "true");
  CHECK(std::any_of(report->notes.begin(), report->notes.end(),
                    [](const Error& note) { return note.hint.find("medium_export") != std::string::npos; }));

  test.cursor = report->cursor;
  CHECK(test.cursor == "W/\"3f-1\"");
  REQUIRE(test.run());
  const auto& headers = replay.requests.back().headers;
  CHECK(std::find(headers.begin(), headers.end(), std::pair<std::string, std::string>("If-None-Match", test.cursor)) !=
        headers.end());
}

TEST_CASE("medium: the feed of each kind of address") {
  for (const auto& [given, expected] : std::map<std::string, std::string>{
           {"https://medium.com/@a", "https://medium.com/feed/@a"},
           {"https://medium.com/some-publication", "https://medium.com/feed/some-publication"},
           {"https://a.medium.com/x", "https://a.medium.com/feed"},
           {"https://blog.example.org", "https://blog.example.org/feed"}}) {
    const std::string url = given, feed = expected;
    CAPTURE(url);
    SourceTest test("medium", {{"url", url}});
    CHECK(!test.run());
    REQUIRE(!test.http.requests.empty());
    CHECK(test.http.requests[0].url == feed);
  }
}
