#include "feature/collect/fetch_all.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "feature/collect/script_http_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

RequestSource numbers(int count, int hosts, int* taken = nullptr) {
  return [=, i = 0]() mutable -> std::optional<HttpRequest> {
    if (i == count) return std::nullopt;
    if (taken != nullptr) *taken = i + 1;
    const std::string url = "https://h" + std::to_string(i % hosts) + ".example/" + std::to_string(i);
    ++i;
    return get_request(url);
  };
}

}  // namespace

TEST_CASE("answers come in the order of the requests, failures among them") {
  Asked asked;
  ScriptHttp http(asked,
                  [](const HttpRequest& request) -> Result<HttpResponse> {
                    const int i = std::stoi(request.url.substr(request.url.rfind('/') + 1));
                    std::this_thread::sleep_for(Millis{(i * 7) % 5});
                    if (i % 10 == 3) return answer_of(404);
                    if (i % 10 == 4) return fail(ErrorKind::network, "reset", request.url);
                    return answer_of(200, std::to_string(i));
                  },
                  {.per_host = 2, .total = 6});
  FakeClock clock;
  int expected = 0;
  fetch_all(http, clock, numbers(200, 5), [&](const HttpRequest& request, Result<HttpResponse>&& response) {
    CHECK(request.url.ends_with("/" + std::to_string(expected)));
    CHECK(response.has_value() == (expected % 10 != 3 && expected % 10 != 4));
    if (response) CHECK(response->body == std::to_string(expected));
    ++expected;
    return true;
  });
  CHECK(expected == 200);
  CHECK(asked.requests.size() == 200);
}

TEST_CASE("no more at once than the client says, per host and in all, and never far ahead") {
  Asked asked;
  std::atomic<int> now{0}, most{0};
  std::atomic<int> of_host[2]{}, most_host{0};
  ScriptHttp http(asked,
                  [&](const HttpRequest& request) -> Result<HttpResponse> {
                    auto& mine = of_host[request.url[9] - '0'];
                    most = std::max(most.load(), ++now);
                    most_host = std::max(most_host.load(), ++mine);
                    std::this_thread::sleep_for(Millis{1});
                    --mine;
                    --now;
                    return answer_of(200, std::string(1000, 'x'));
                  },
                  {.per_host = 2, .total = 8});
  FakeClock clock;
  int taken = 0, seen = 0;
  fetch_all(http, clock, numbers(300, 2, &taken),
            [&](const HttpRequest&, Result<HttpResponse>&&) {
              CHECK(taken - seen <= 10);
              ++seen;
              return true;
            },
            {.window = 10, .max_waiting_bytes = 3000});
  CHECK(seen == 300);
  CHECK(most <= 4);
  CHECK(most_host <= 2);
}

TEST_CASE("a client that takes one request at a time is asked from the calling thread") {
  Asked asked;
  const auto me = std::this_thread::get_id();
  ScriptHttp http(asked, [&](const HttpRequest&) -> Result<HttpResponse> {
    CHECK(std::this_thread::get_id() == me);
    return answer_of(200);
  });
  FakeClock clock;
  int seen = 0;
  fetch_all(http, clock, numbers(5, 1), [&](const HttpRequest&, Result<HttpResponse>&&) { return ++seen < 3; });
  CHECK(seen == 3);
  CHECK(asked.requests.size() == 3);
}

TEST_CASE("stopping abandons what is under way") {
  Asked asked;
  std::atomic<bool> heard{false};
  ScriptHttp http(asked,
                  [&](const HttpRequest& request) -> Result<HttpResponse> {
                    if (request.url.ends_with("/0")) return answer_of(200);
                    while (!request.stop.stop_requested()) std::this_thread::sleep_for(Millis{1});
                    heard = true;
                    return fail(ErrorKind::cancelled, "stopped");
                  },
                  {.per_host = 4, .total = 4});
  FakeClock clock;
  int seen = 0;
  fetch_all(http, clock, numbers(50, 1), [&](const HttpRequest&, Result<HttpResponse>&&) {
    ++seen;
    return false;
  });
  CHECK(seen == 1);
  CHECK(asked.requests.size() < 50);
}

TEST_CASE("what a thread throws is thrown to the caller") {
  Asked asked;
  ScriptHttp http(asked, [](const HttpRequest&) -> Result<HttpResponse> { throw Fatal(ErrorKind::io, "disk full"); },
                  {.per_host = 2, .total = 2});
  FakeClock clock;
  CHECK_THROWS_AS(
      fetch_all(http, clock, numbers(5, 1), [](const HttpRequest&, Result<HttpResponse>&&) { return true; }), Fatal);
}
