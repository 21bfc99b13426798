#include <doctest/doctest.h>

#include <deque>

#include "feature/collect/fetch.h"

using namespace twin;
using namespace twin::feature;

namespace {

/// Gives its answers one after the other.
class Script final : public HttpClient {
 public:
  explicit Script(std::deque<Result<HttpResponse>> answers) : answers_(std::move(answers)) {}
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest&) override {
    ++asked;
    REQUIRE(!answers_.empty());
    auto answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  int asked = 0;

 private:
  std::deque<Result<HttpResponse>> answers_;
};

Result<HttpResponse> status(int code, Headers headers = {}) {
  HttpResponse response;
  response.status = code;
  response.headers = std::move(headers);
  return response;
}

constexpr FetchPolicy thrice{.attempts = 3};

HttpRequest request() {
  HttpRequest out;
  out.url = "https://example.org/x";
  return out;
}

}  // namespace

TEST_CASE("transient failures are tried again, with growing pauses") {
  FakeClock clock(0);
  Script http({fail(ErrorKind::network, "reset"), status(503), status(200)});
  CHECK(fetch(http, clock, request(), thrice)->status == 200);
  CHECK(clock.now() == 3000);  // 1 s + 2 s
}

TEST_CASE("the server's wish is respected, within reason") {
  FakeClock clock(0);
  Script http({status(429, {{"retry-after", "7"}}), status(200)});
  CHECK(fetch(http, clock, request(), thrice));
  CHECK(clock.now() == 7000);
  Script slow({status(429, {{"retry-after", "86400"}})});
  CHECK(!fetch(slow, clock, request(), thrice));
  CHECK(slow.asked == 1);
}

TEST_CASE("what will not change is not tried again") {
  FakeClock clock(0);
  for (const int code : {404, 410, 401, 403, 400}) {
    CAPTURE(code);
    Script http({status(code)});
    const auto out = fetch(http, clock, request(), thrice);
    REQUIRE(!out);
    CHECK(out.error().where == "https://example.org/x");
    CHECK(!out.error().hint.empty());
    CHECK(http.asked == 1);
  }
  CHECK(clock.now() == 0);
  Script gone({status(404)});
  CHECK(fetch(gone, clock, request()).error().kind == ErrorKind::not_found);
  Script too_big({fail(ErrorKind::limit, "too big")});
  CHECK(fetch(too_big, clock, request()).error().kind == ErrorKind::limit);
}

TEST_CASE("it gives up after the attempts of the policy, and when asked to stop") {
  FakeClock clock(0);
  Script http({status(500), status(500), status(500)});
  CHECK(fetch(http, clock, request(), thrice).error().kind == ErrorKind::network);
  CHECK(http.asked == 3);
  std::stop_source stop;
  stop.request_stop();
  auto stopped = request();
  stopped.stop = stop.get_token();
  CHECK(fetch(http, clock, stopped).error().kind == ErrorKind::cancelled);
}

TEST_CASE("by itself it asks once: the client that collecting uses has tried again already") {
  FakeClock clock(0);
  Script http({status(429)});
  const auto out = fetch(http, clock, request());
  REQUIRE(!out);
  CHECK(out.error().message.find("429") != std::string::npos);
  CHECK(http.asked == 1);
}
