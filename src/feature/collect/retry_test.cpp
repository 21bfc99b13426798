#include "feature/collect/retry.h"

#include <doctest/doctest.h>

#include <set>

#include "feature/collect/script_http_for_test.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("Retry-After: seconds, a date, or nothing") {
  const FakeClock clock(1'700'000'000'000);  // 2023-11-14T22:13:20Z
  const auto asked = [&](const char* value) {
    return retry_after(answer_of(429, "", {{"retry-after", value}}), clock);
  };
  CHECK(asked("120") == Millis{120'000});
  CHECK(asked("0") == Millis{0});
  CHECK(asked("-5") == Millis{0});
  CHECK(asked("Tue, 14 Nov 2023 22:14:20 GMT") == Millis{60'000});
  CHECK(asked("Tue, 14 Nov 2023 22:00:00 GMT") == Millis{0});  // past
  CHECK(asked("31536000") == Millis{31'536'000'000});
  CHECK(asked("99999999999999999999999").value() > Millis{31'536'000'000});
  CHECK(!asked("soon"));
  CHECK(!asked(""));
  CHECK(!retry_after(answer_of(503), clock));
}

TEST_CASE("pauses grow, stay below their bound, are spread, and are the same for the same seed") {
  const Backoff backoff{.first = Millis{1000}, .longest = Millis{6000}, .seed = 7};
  std::set<std::int64_t> seen;
  std::int64_t largest[6] = {};
  for (int i = 0; i < 300; ++i) {
    const std::string url = "https://example.org/" + std::to_string(i);
    for (int failures = 1; failures <= 5; ++failures) {
      const auto pause = backoff.pause(failures, url);
      CHECK(pause >= Millis{0});
      CHECK(pause == backoff.pause(failures, url));
      largest[failures] = std::max(largest[failures], std::int64_t{pause.count()});
      seen.insert(pause.count());
    }
  }
  const std::int64_t bounds[] = {0, 1000, 2000, 4000, 6000, 6000};
  for (int failures = 1; failures <= 5; ++failures) {
    CHECK(largest[failures] <= bounds[failures]);
    CHECK(largest[failures] > bounds[failures] * 9 / 10);
  }
  CHECK(seen.size() > 1000);
  CHECK(backoff.pause(1, "x") != Backoff{.first = Millis{1000}, .longest = Millis{6000}, .seed = 8}.pause(1, "x"));
  CHECK(backoff.pause(1000, "x") <= Millis{6000});
  CHECK(Backoff{.first = Millis{0}}.pause(3, "x") == Millis{0});
}

TEST_CASE("what may pass by itself") {
  for (const int status : {429, 500, 502, 503, 504, 520}) CHECK(may_pass(status));
  for (const int status : {200, 301, 304, 400, 401, 403, 404, 410, 501, 505}) CHECK(!may_pass(status));
}
