#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("substack: the archive to its end, paid posts noted, threads left out") {
  ReplayHttp replay("substack");
  SourceTest test("substack", {{"url", "https://smallhours.substack.com/archive"}, {"page_size", "2"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(test.failures.empty());
  REQUIRE(test.documents.size() == 3);
  const auto& slow = test.documents.at("https://smallhours.substack.com/p/on-slow-mornings");
  CHECK(slow.title == "On slow mornings");
  CHECK(slow.authors == std::vector<std::string>{"Mina Park"});
  CHECK(format_time(slow.published) == "2024-03-10T07:00:00.000Z");
  CHECK(slow.metadata.at("tags") == "letters");
  CHECK(slow.bytes.find("Coffee first") != std::string::npos);
  CHECK(slow.metadata.count("preview") == 0);
  const auto& paid = test.documents.at("https://smallhours.substack.com/p/the-paid-letter");
  CHECK(paid.metadata.at("preview") == "true");
  REQUIRE(report->notes.size() == 1);
  CHECK(report->notes[0].where == paid.url);
  const auto& korean = test.documents.at("https://smallhours.substack.com/p/%EB%8A%A6%EC%9D%80-%ED%8E%B8%EC%A7%80");
  CHECK(korean.language == "ko");

  test.cursor = report->cursor;
  replay.requests.clear();
  const auto again = test.run();
  REQUIRE(again);
  CHECK(test.documents.empty());
  CHECK(replay.requests.size() == 3);  // the archive alone
  CHECK(again->complete);
  CHECK(again->cursor == report->cursor);
}

TEST_CASE("substack: previews can be left out; what is no publication says so") {
  ReplayHttp replay("substack");
  SourceTest test("substack", {{"url", "https://smallhours.substack.com"}, {"page_size", "2"}, {"previews", "false"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.documents.size() == 2);
  CHECK(report->notes.size() == 1);
  SourceTest other("substack", {{"url", "https://letters.example.org"}});
  other.client = &replay;
  const auto refused = other.run();
  REQUIRE(!refused);
  CHECK(refused.error().message.find("Not Substack") != std::string::npos);
}
