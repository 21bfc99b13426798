#include "models/engines/sse.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using twin::models::SseParser;

namespace {

std::vector<std::string> parse(const std::string& stream, std::size_t piece) {
  std::vector<std::string> events;
  SseParser parser([&](std::string_view data) {
    events.emplace_back(data);
    return true;
  });
  for (std::size_t i = 0; i < stream.size(); i += piece)
    REQUIRE(parser.feed(std::string_view(stream).substr(i, piece)));
  REQUIRE(parser.finish());
  return events;
}

using Events = std::vector<std::string>;

}  // namespace

TEST_CASE("events are the same however the bytes are cut") {
  const std::string stream =
      "\xEF\xBB\xBF: a comment\n\ndata: first\n\nevent: x\ndata:second \nid: 7\n\r\ndata: 안녕 😀\r\n\r\ndata: a\rdata: "
      "b\r\r"
      "data\n\ndata: [DONE]\n\n";
  const Events expected = {"first", "second ", "안녕 😀", "a\nb", "", "[DONE]"};
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    CAPTURE(piece);
    CHECK(parse(stream, piece) == expected);
  }
}

TEST_CASE("a last event without its blank line counts") {
  CHECK(parse("data: tail", 3) == Events{"tail"});
  CHECK(parse("data: tail\n", 3) == Events{"tail"});
  CHECK(parse("", 1).empty());
  CHECK(parse(": only a ping\n\n\n", 1).empty());
}

TEST_CASE("an endless event ends at the limit") {
  SseParser parser([](std::string_view) { return true; }, 1'000);
  bool good = true;
  for (int i = 0; i < 100 && good; ++i) good = parser.feed("data: " + std::string(50, 'x') + "\n");
  CHECK_FALSE(good);
  CHECK(parser.too_large());
}

TEST_CASE("the consumer can stop") {
  int events = 0;
  SseParser parser([&](std::string_view) { return ++events < 2; });
  CHECK_FALSE(parser.feed("data: 1\n\ndata: 2\n\ndata: 3\n\n"));
  CHECK(events == 2);
  CHECK_FALSE(parser.too_large());
}
