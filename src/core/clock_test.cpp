#include "core/clock.h"

#include <doctest/doctest.h>

using namespace twin;

TEST_CASE("times are written as RFC 3339 in UTC") {
  CHECK(format_time(0).empty());
  CHECK(format_time(1'700'000'000'123) == "2023-11-14T22:13:20.123Z");
  CHECK(format_time(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("times survive a round trip") {
  for (const UnixMillis time : {UnixMillis{1}, UnixMillis{951'782'400'000}, UnixMillis{1'795'549'289'007}}) {
    CHECK(parse_time(format_time(time)).value() == time);
  }
}

TEST_CASE("RFC 3339 in its forms") {
  CHECK(parse_time("2023-11-14T22:13:20Z").value() == 1'700'000'000'000);
  CHECK(parse_time("2023-11-15T07:13:20+09:00").value() == 1'700'000'000'000);
  CHECK(parse_time("2023-11-14 17:13:20-0500").value() == 1'700'000'000'000);
  CHECK(parse_time("2023-11-14T22:13:20.5Z").value() == 1'700'000'000'500);
  CHECK(parse_time(" 2023-11-14T22:13:20.123456789Z\n").value() == 1'700'000'000'123);
  CHECK(parse_time("1970-01-02").value() == 86'400'000);
  CHECK(parse_time("2024-02-29").has_value());
}

TEST_CASE("RFC 822 dates of feeds") {
  CHECK(parse_time("Tue, 14 Nov 2023 22:13:20 GMT").value() == 1'700'000'000'000);
  CHECK(parse_time("14 Nov 2023 22:13:20 +0000").value() == 1'700'000'000'000);
  CHECK(parse_time("Wed, 15 Nov 2023 07:13:20 +0900").value() == 1'700'000'000'000);
}

TEST_CASE("what is no date is an error that shows the text") {
  for (const char* text : {"", "yesterday", "2023-13-01", "2023-02-29", "2023-11-14T25:00:00Z", "2023-11-14T22:13:20+9",
                           "20231114", "어제 3:00", "2023-11-14T22:13:20Zjunk"}) {
    CAPTURE(text);
    const auto parsed = parse_time(text);
    REQUIRE(!parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid);
  }
}

TEST_CASE("the fake clock stands still until told") {
  FakeClock clock(1000);
  CHECK(clock.now() == 1000);
  clock.sleep(Millis{250});
  CHECK(clock.now() == 1250);
  CHECK(clock.monotonic() == doctest::Approx(1.25));
  CHECK(system_clock().now() > 1'700'000'000'000);
}
