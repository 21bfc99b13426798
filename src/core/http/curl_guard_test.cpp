// The client as collecting uses it: behind the address guard and with limits for what servers do.
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/http/http.h"
#include "core/http/server_for_test.h"
#include "core/process.h"

using namespace twin;

namespace {

HttpPolicy guarded(const std::vector<std::string>& allow) {
  HttpPolicy policy;
  policy.guard = std::make_shared<const AddressGuard>(AddressGuard::make(allow).value());
  return policy;
}

std::string pin(const std::string& host, int port, const std::string& address = "127.0.0.1") {
  return host + ":" + std::to_string(port) + ":" + address;
}

std::string at(const std::string& host, int port, const std::string& path = "/") {
  return "http://" + host + ":" + std::to_string(port) + path;
}

}  // namespace

TEST_CASE("this machine is not connected to unless it is allowed") {
  TestServer server([](const std::string&) { return answer("inside"); });
  for (const std::string& url :
       {server.url("/"), at("localhost", server.port()), at("2130706433", server.port()), at("0", server.port()),
        at("[::1]", server.port()), at("[::ffff:127.0.0.1]", server.port())}) {
    CAPTURE(url);
    const auto out = make_http_client(guarded({}))->send(get(url));
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::limit);
    CHECK(out.error().hint.find("allow_hosts") != std::string::npos);
  }
  CHECK(server.connections == 0);
  CHECK(make_http_client(guarded({"127.0.0.1"}))->send(get(server.url("/")))->body == "inside");
  CHECK(make_http_client(guarded({"127.0.0.0/8"}))->send(get(server.url("/")))->body == "inside");
}

TEST_CASE("the address that is connected to counts, not the name") {
  TestServer server([](const std::string&) { return answer("inside"); });
  HttpPolicy policy = guarded({"friend.example"});
  policy.resolve = {pin("friend.example", server.port()), pin("rebound.example", server.port()),
                    pin("both.example", server.port(), "127.0.0.1,10.0.0.1,[fe80::1]")};
  const auto client = make_http_client(policy);
  CHECK(client->send(get(at("friend.example", server.port())))->body == "inside");
  // The connection to this server is open already; a name that is not allowed does not get at it.
  for (const char* host : {"rebound.example", "both.example"}) {
    CAPTURE(host);
    const auto out = client->send(get(at(host, server.port())));
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::limit);
    CHECK(out.error().message.find(host) != std::string::npos);
  }
  CHECK(server.connections == 1);
}

TEST_CASE("a redirect into this machine is refused at its hop") {
  TestServer inside([](const std::string&) { return answer("inside"); });
  std::string target;
  TestServer server([&](const std::string&) { return answer("", "302 Found", "Location: " + target + "\r\n"); });
  HttpPolicy policy = guarded({"outside.example"});
  policy.resolve = {pin("outside.example", server.port()), pin("rebound.example", inside.port())};
  const auto client = make_http_client(policy);
  for (const std::string& place :
       {inside.url("/"), at("rebound.example", inside.port()), std::string("http://169.254.169.254/latest/meta-data/"),
        std::string("http://[fd00::1]/")}) {
    CAPTURE(place);
    target = place;
    const auto out = client->send(get(at("outside.example", server.port())));
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::limit);
  }
  target = "file:///etc/passwd";
  CHECK(client->send(get(at("outside.example", server.port()))).error().kind == ErrorKind::invalid);
  CHECK(inside.connections == 0);
}

TEST_CASE("a proxy on this machine is used, but not asked for private places") {
  TestServer proxy([](const std::string& request) { return answer(request.substr(0, request.find('\r'))); });
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  const auto client = make_http_client(guarded({}));
  CHECK(client->send(get("http://public.example/x"))->body == "GET http://public.example/x HTTP/1.1");
  for (const char* url : {"http://10.0.0.1/", "http://169.254.169.254/", "http://nas.local/", "http://0xa000001/"}) {
    CAPTURE(url);
    const auto out = client->send(get(url));
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::limit);
  }
  ::unsetenv("http_proxy");
  CHECK(proxy.connections == 1);
}

TEST_CASE("no cookies, whatever a server sets") {
  std::string seen;
  TestServer server([&](const std::string& request) {
    seen += request;
    if (asks_for(request, "/")) return answer("", "302 Found", "Location: /next\r\nSet-Cookie: id=1; Path=/\r\n");
    return answer("ok", "200 OK", "Set-Cookie: id=2\r\n");
  });
  const auto client = make_http_client(guarded({"127.0.0.1"}));
  CHECK(client->send(get(server.url("/")))->body == "ok");
  CHECK(client->send(get(server.url("/again")))->body == "ok");
  CHECK(seen.find("Cookie") == std::string::npos);
}

TEST_CASE("time limits name the phase that was too slow") {
  HttpPolicy policy = guarded({"127.0.0.1"});
  policy.answer_timeout = policy.idle_timeout = Millis{100};
  policy.min_bytes_per_second = 1000;
  const auto client = make_http_client(policy);
  const auto message = [&](TestServer& server) {
    const auto out = client->send(get(server.url("/")));
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::network);
    return out.error().message;
  };
  const auto dribble = [](const std::string& head, const std::string& piece, Millis pause) {
    return TestServer::Handler([=](int peer, const std::string&) {
      if (!TestServer::put(peer, head)) return false;
      for (int i = 0; i < 200; ++i) {
        std::this_thread::sleep_for(pause);
        if (!TestServer::put(peer, piece)) return false;
      }
      return false;
    });
  };
  TestServer silent(dribble("", "", Millis{20}));
  CHECK(message(silent).find("headers") != std::string::npos);
  TestServer headers(dribble("HTTP/1.1 200 OK\r\n", "X: y\r\n", Millis{20}));
  CHECK(message(headers).find("headers") != std::string::npos);
  TestServer stuck(dribble("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "", Millis{20}));
  CHECK(message(stuck).find("in the middle") != std::string::npos);
  TestServer slow(dribble("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", "x", Millis{20}));
  CHECK(message(slow).find("slower than") != std::string::npos);
  // A TLS handshake is never answered: the connection stands, the encryption does not.
  policy.tls_timeout = Millis{100};
  TestServer mute(dribble("", "", Millis{20}));
  const auto tls = make_http_client(policy)->send(get("https" + mute.url("/").substr(4)));
  REQUIRE(!tls);
  CHECK(tls.error().message.find("encrypted") != std::string::npos);
}

TEST_CASE("bombs and endless answers end at a limit") {
  HttpPolicy policy = guarded({"127.0.0.1"});
  policy.max_ratio = 200;
  policy.max_header_bytes = 10'000;
  const auto client = make_http_client(policy);
  const auto kind = [&](TestServer& server, std::uint64_t max_bytes = 64 << 20) {
    auto request = get(server.url("/"));
    request.max_bytes = max_bytes;
    const auto out = client->send(request);
    REQUIRE(!out);
    return out.error().kind;
  };
  const std::string packed = run_process({"sh", "-c", "head -c 40000000 /dev/zero | gzip -9n"}).value().out;
  TestServer bomb([&](const std::string&) { return answer(packed, "200 OK", "Content-Encoding: gzip\r\n"); });
  CHECK(kind(bomb) == ErrorKind::limit);

  const auto endless = [](const std::string& head, const std::string& piece) {
    return TestServer::Handler([=](int peer, const std::string&) {
      bool more = TestServer::put(peer, head);
      while (more) more = TestServer::put(peer, piece);
      return false;
    });
  };
  const std::string block(10'000, 'x');
  TestServer body(endless("HTTP/1.1 200 OK\r\n\r\n", block));
  CHECK(kind(body, 1 << 20) == ErrorKind::limit);
  TestServer chunks(endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2710\r\n" + block + "\r\n"));
  CHECK(kind(chunks, 1 << 20) == ErrorKind::limit);
  TestServer headers(endless("HTTP/1.1 200 OK\r\n", "X: y\r\n"));
  CHECK(kind(headers) == ErrorKind::limit);
  TestServer hints(endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"));
  CHECK(kind(hints) == ErrorKind::limit);
  TestServer line(endless("HTTP/1.1 200 OK\r\nX: ", block));
  CHECK(kind(line) == ErrorKind::limit);
  TestServer announced([](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"; });
  CHECK(kind(announced) == ErrorKind::limit);
  // Compressed nothing: sent without end, unpacked to no byte.
  const std::string empty_member = run_process({"sh", "-c", "printf '' | gzip -n"}).value().out;
  std::string members;
  for (int i = 0; i < 1000; ++i) members += empty_member;
  TestServer nothing(endless("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", members));
  CHECK(kind(nothing, 1 << 20) != ErrorKind::cancelled);
}

TEST_CASE("answers that are no well-formed HTTP are not tried again") {
  TestServer old([](const std::string&) { return "just text, as HTTP/0.9 had it\n"; });
  TestServer coding(
      [](const std::string&) { return answer("not gzip at all", "200 OK", "Content-Encoding: gzip\r\n"); });
  TestServer layers([](const std::string&) {
    return answer("x", "200 OK", "Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip\r\n");
  });
  for (TestServer* server : {&old, &coding, &layers}) {
    const auto out = make_http_client(guarded({"127.0.0.1"}))->send(get(server->url("/")));
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::invalid);
  }
  TestServer cut([](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"; });
  auto request = get(cut.url("/"));
  request.total_timeout = Millis{200};
  CHECK(make_http_client(guarded({"127.0.0.1"}))->send(request).error().kind == ErrorKind::network);
}

TEST_CASE("an address with a password is used, but never shown") {
  std::string seen;
  TestServer server([&](const std::string& request) {
    seen = request;
    return answer("", "302 Found", "Location: file:///x\r\n");
  });
  const std::string url = "http://me:pa55word@127.0.0.1:" + std::to_string(server.port()) + "/";
  const auto out = make_http_client(guarded({"127.0.0.1"}))->send(get(url));
  CHECK(seen.find("Authorization: Basic") != std::string::npos);
  REQUIRE(!out);
  CHECK(out.error().text().find("pa55word") == std::string::npos);
}

TEST_CASE("Korean addresses are sent percent-encoded") {
  TestServer server([](const std::string& request) { return answer(request.substr(0, request.find('\r'))); });
  const auto out = make_http_client(guarded({"127.0.0.1"}))->send(get(server.url("/글?q=말"))).value();
  CHECK(out.body == "GET /%ea%b8%80?q=%eb%a7%90 HTTP/1.1");
}
