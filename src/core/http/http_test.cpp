#include "core/http/http.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "core/http/server_for_test.h"
#include "core/process.h"

using namespace twin;

TEST_CASE("an answer has status, headers in lower case, body and final address") {
  TestServer server([](const std::string& request) {
    if (asks_for(request, "/old")) return answer("", "302 Found", "Location: /new\r\nX-Old: 1\r\n");
    if (asks_for(request, "/new")) return answer("안녕", "200 OK", "X-Kind:  a b \r\nX-Empty:\r\n");
    return answer("no", "404 Not Found");
  });
  auto client = make_http_client();
  const auto moved = client->send(get(server.url("/old"))).value();
  CHECK(moved.status == 200);
  CHECK(moved.body == "안녕");
  CHECK(moved.url == server.url("/new"));
  CHECK(moved.header("x-kind") == "a b");
  CHECK(moved.header("x-old").empty());
  CHECK(moved.header("x-empty").empty());
  const auto missing = client->send(get(server.url("/nowhere"))).value();
  CHECK(missing.status == 404);
  CHECK(missing.body == "no");
  auto request = get(server.url("/old"));
  request.max_redirects = 0;
  CHECK(client->send(request).value().status == 302);
}

TEST_CASE("method, headers and body are sent as given, without waiting for 100 Continue") {
  TestServer server([](const std::string& request) { return answer(request); });
  auto client = make_http_client("Agent/1");
  HttpRequest request = get(server.url("/echo"));
  request.method = "POST";
  request.headers = {{"X-Key", "값"}, {"X-Empty", ""}, {"Content-Type", "application/json"}};
  request.body = std::string(100'000, 'b') + std::string("\0end", 4);
  const std::string echo = client->send(request).value().body;
  CHECK(echo.starts_with("POST /echo HTTP/1.1\r\n"));
  CHECK(echo.find("X-Key: 값\r\n") != std::string::npos);
  CHECK(echo.find("User-Agent: Agent/1\r\n") != std::string::npos);
  CHECK(echo.find("Expect") == std::string::npos);
  CHECK(echo.ends_with(std::string("\0end", 4)));
  for (const char* method : {"PUT", "DELETE", "PATCH"}) {
    request.method = method;
    CHECK(client->send(request).value().body.starts_with(std::string(method) + " /echo"));
  }
  request.method = "POST";
  request.body.clear();
  CHECK(client->send(request).value().body.find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("connections are kept and used again") {
  TestServer server([](const std::string&) { return answer("ok"); });
  auto client = make_http_client();
  for (int i = 0; i < 5; ++i) CHECK(client->send(get(server.url("/"))).value().status == 200);
  CHECK(server.connections == 1);
}

TEST_CASE("a HEAD request has no body") {
  TestServer server([](const std::string& request) {
    return request.starts_with("HEAD ") ? "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n" : answer("wrong");
  });
  HttpRequest request = get(server.url("/"));
  request.method = "HEAD";
  const auto response = make_http_client()->send(request).value();
  CHECK(response.header("content-length") == "12345");
  CHECK(response.body.empty());
}

TEST_CASE("compressed answers are unpacked, and limited by what they unpack to") {
  // printf 'twin%.0s' $(seq 1000) | gzip -9n
  const std::string packed = run_process({"sh", "-c", "printf 'twin%.0s' $(seq 1000) | gzip -9n"}).value().out;
  REQUIRE(packed.size() < 100);
  TestServer server([&](const std::string&) { return answer(packed, "200 OK", "Content-Encoding: gzip\r\n"); });
  auto client = make_http_client();
  auto request = get(server.url("/"));
  CHECK(client->send(request).value().body.size() == 4000);
  request.max_bytes = 3999;
  CHECK(client->send(request).error().kind == ErrorKind::limit);
  request.max_bytes = 4000;
  CHECK(client->send(request).has_value());
}

TEST_CASE("a stream is given piece by piece; an error page is collected") {
  TestServer server([](const std::string& request) {
    return asks_for(request, "/bad") ? answer("why", "500 Internal Server Error") : answer(std::string(300'000, 's'));
  });
  auto client = make_http_client();
  std::size_t received = 0;
  int pieces = 0;
  auto request = get(server.url("/good"));
  request.on_data = [&](std::string_view piece) {
    received += piece.size();
    ++pieces;
    return true;
  };
  const auto good = client->send(request).value();
  CHECK(received == 300'000);
  CHECK(good.body.empty());
  request.url = server.url("/bad");
  const auto bad = client->send(request).value();
  CHECK(bad.body == "why");
  CHECK(received == 300'000);

  request.url = server.url("/good");
  request.on_data = [&](std::string_view) { return false; };
  CHECK(client->send(request).value().status == 200);
  request.on_data = [](std::string_view) -> bool { throw std::runtime_error("consumer"); };
  CHECK_THROWS_WITH((void)client->send(request), "consumer");
  CHECK(client->send(get(server.url("/good"))).value().body.size() == 300'000);  // the client survives it
}

TEST_CASE("transport failures are errors of their kind") {
  auto client = make_http_client();
  const int closed = free_port().value();
  CHECK(client->send(get("http://127.0.0.1:" + std::to_string(closed) + "/")).error().kind == ErrorKind::network);
  CHECK(client->send(get("file:///etc/passwd")).error().kind == ErrorKind::usage);
  CHECK(client->send(get("not a url")).error().kind == ErrorKind::usage);

  TestServer server([](const std::string& request) -> std::string {
    if (asks_for(request, "/loop")) return answer("", "302 Found", "Location: /loop\r\n");
    if (asks_for(request, "/file")) return answer("", "302 Found", "Location: file:///etc/passwd\r\n");
    if (asks_for(request, "/headers"))
      return answer("", "200 OK",
                    "X: " + std::string(90'000, 'h') + "\r\nX: " + std::string(90'000, 'h') +
                        "\r\nX: " + std::string(90'000, 'h') + "\r\n");
    std::this_thread::sleep_for(Millis{300});
    return answer("late");
  });
  const auto loop = client->send(get(server.url("/loop")));
  REQUIRE(!loop);
  CHECK(loop.error().kind == ErrorKind::invalid);  // trying again would not help
  CHECK(loop.error().message.find("/loop → ") != std::string::npos);
  CHECK(!client->send(get(server.url("/file"))));
  CHECK(client->send(get(server.url("/headers"))).error().kind == ErrorKind::limit);
  auto request = get(server.url("/slow"));
  request.total_timeout = Millis{50};
  const auto late = client->send(request);
  REQUIRE(!late);
  CHECK(late.error().kind == ErrorKind::network);
  CHECK(late.error().where == request.url);
}

TEST_CASE("a header cannot smuggle a second one") {
  auto request = get("http://127.0.0.1:1/");
  request.headers = {{"X-Title", "a\r\nX-Admin: 1"}};
  CHECK(make_http_client()->send(request).error().kind == ErrorKind::usage);
}

TEST_CASE("a stop request ends a transfer at once") {
  std::atomic<bool> release{false};
  TestServer server([&](const std::string&) {
    while (!release) std::this_thread::sleep_for(Millis{5});
    return answer("late");
  });
  std::stop_source source;
  auto request = get(server.url("/"));
  request.stop = source.get_token();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(Millis{100});
    source.request_stop();
  });
  const double start = system_clock().monotonic();
  auto client = make_http_client();
  CHECK(client->send(request).error().kind == ErrorKind::cancelled);
  CHECK(system_clock().monotonic() - start < 5);
  CHECK(client->send(request).error().kind == ErrorKind::cancelled);
  release = true;
}

TEST_CASE("a proxy in the environment is not asked for this machine") {
  TestServer server([](const std::string&) { return answer("direct"); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  CHECK(make_http_client()->send(get(server.url("/"))).value().body == "direct");
  ::unsetenv("http_proxy");
}

TEST_CASE("one client serves many threads") {
  TestServer server([](const std::string& request) { return answer(request.substr(0, request.find('\r'))); });
  auto client = make_http_client();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        const auto response = client->send(get(server.url(path)));
        if (response && response->body == "GET " + path + " HTTP/1.1") ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 80);
}

TEST_CASE("the fake answers from its table and records what was asked") {
  FakeHttp http;
  http.pages["https://example.org/"].body = "page";
  CHECK(http.send(get("https://example.org/")).value().body == "page");
  CHECK(http.send(get("https://example.org/")).value().status == 200);
  CHECK(http.send(get("https://example.org/other")).error().kind == ErrorKind::network);
  REQUIRE(http.requests.size() == 3);
  CHECK(http.requests[2].url == "https://example.org/other");
}
