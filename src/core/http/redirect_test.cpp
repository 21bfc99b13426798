#include "core/http/redirect.h"

#include <doctest/doctest.h>

#include "core/http/proxy.h"
#include "core/http/url.h"

using namespace twin;

namespace {

HttpRequest request(std::string url, std::string method = "GET") {
  HttpRequest out;
  out.url = std::move(url);
  out.method = std::move(method);
  return out;
}

HttpResponse moved(std::string location, int status = 302) {
  HttpResponse out;
  out.status = status;
  out.headers = {{"location", std::move(location)}};
  return out;
}

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("addresses are read as libcurl connects to them") {
  const auto address = parse_web_address("HTTPS://user:pw@Example.ORG:8443/a b/한?q=1#part").value();
  CHECK(address.scheme == "https");
  CHECK(address.host == "example.org");
  CHECK(address.authority() == "example.org:8443");
  CHECK(address.origin() == "https://example.org:8443");
  CHECK(address.target == "/a%20b/%ed%95%9c?q=1");
  CHECK(address.url.find("pw") == std::string::npos);
  CHECK(parse_web_address("http://example.org")->target == "/");
  CHECK(parse_web_address("http://example.org:80/")->authority() == "example.org");
  // Other spellings of 127.0.0.1
  for (const char* url : {"http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/"}) {
    CAPTURE(url);
    CHECK(parse_web_address(url)->host == "127.0.0.1");
  }
  for (const char* url : {"", "example.org", "ftp://example.org/", "file:///etc/passwd", "http://",
                          "javascript:alert(1)", "gopher://x/"}) {
    CAPTURE(url);
    CHECK(!parse_web_address(url));
  }
  CHECK(!parse_web_address(std::string("http://a\0.example/", 18)));
  CHECK(shown_url("https://me:secret@example.org/x?a@b") == "https://example.org/x?a@b");
  CHECK(shown_url("https://example.org/x@y") == "https://example.org/x@y");
}

TEST_CASE("a redirect is followed relative to where it came from") {
  Redirects redirects(request("https://example.org/a/b?x"), false);
  CHECK(redirects.follow(moved("../c#part")).value());
  CHECK(redirects.request().url == "https://example.org/c");
  CHECK(redirects.follow(moved("//other.example/d")).value());
  CHECK(redirects.request().url == "https://other.example/d");
  HttpResponse done;
  done.status = 200;
  CHECK(!redirects.follow(done).value());
}

TEST_CASE("methods by RFC 9110") {
  const auto after = [](std::string method, int status) {
    HttpRequest first = request("https://example.org/", std::move(method));
    first.body = "body";
    first.headers = {{"Content-Type", "application/json"}, {"Accept", "text/html"}};
    Redirects redirects(first, false);
    REQUIRE(redirects.follow(moved("/next", status)).value());
    return redirects.request();
  };
  for (const int status : {301, 302, 303}) {
    CHECK(after("POST", status).method == "GET");
    CHECK(after("POST", status).body.empty());
    CHECK(header(after("POST", status), "Content-Type").empty());
    CHECK(header(after("POST", status), "Accept") == "text/html");
  }
  for (const int status : {307, 308}) {
    CHECK(after("POST", status).method == "POST");
    CHECK(after("POST", status).body == "body");
  }
  CHECK(after("PUT", 303).method == "GET");
  CHECK(after("PUT", 302).method == "PUT");
  CHECK(after("HEAD", 303).method == "HEAD");
}

TEST_CASE("credentials stay with the host they were given for") {
  HttpRequest first = request("https://api.example.org/");
  first.headers = {{"Authorization", "Bearer t"}, {"X-Api-Key", "k"}, {"Accept", "a"}, {"If-None-Match", "\"v\""}};
  Redirects same(first, false);
  REQUIRE(same.follow(moved("/other")).value());
  CHECK(header(same.request(), "Authorization") == "Bearer t");
  for (const char* elsewhere :
       {"https://evil.example/", "https://api.example.org:8443/", "https://api.example.org.evil.example/"}) {
    CAPTURE(elsewhere);
    Redirects other(first, false);
    REQUIRE(other.follow(moved(elsewhere)).value());
    CHECK(header(other.request(), "Authorization").empty());
    CHECK(header(other.request(), "X-Api-Key").empty());
    CHECK(header(other.request(), "If-None-Match").empty());
    CHECK(header(other.request(), "Accept") == "a");
  }
  first.url = "http://api.example.org/";
  Redirects safer(first, false);
  REQUIRE(safer.follow(moved("https://api.example.org/")).value());
  CHECK(header(safer.request(), "Authorization") == "Bearer t");
  Redirects planted(request("https://example.org/"), false);
  REQUIRE(planted.follow(moved("https://user:pass@example.org/x")).value());
  CHECK(planted.request().url == "https://example.org/x");
}

TEST_CASE("where redirects end") {
  Redirects circle(request("http://a.example/1"), false);
  REQUIRE(circle.follow(moved("http://b.example/2")).value());
  const auto round = circle.follow(moved("http://a.example/1"));
  REQUIRE(!round);
  CHECK(round.error().kind == ErrorKind::invalid);
  CHECK(round.error().message.find("http://a.example/1 → http://b.example/2 → http://a.example/1") !=
        std::string::npos);
  CHECK(round.error().where == "http://a.example/1");

  Redirects many(request("http://a.example/0"), false);
  for (int i = 1; i <= 5; ++i) REQUIRE(many.follow(moved("/" + std::to_string(i))).value());
  CHECK(many.follow(moved("/6")).error().kind == ErrorKind::limit);

  Redirects downgrade(request("https://a.example/"), false);
  CHECK(downgrade.follow(moved("http://a.example/x")).error().kind == ErrorKind::invalid);
  Redirects allowed(request("https://a.example/"), true);
  CHECK(allowed.follow(moved("http://a.example/x")).value());

  for (const char* nowhere :
       {"file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "http://", "https://[::1"}) {
    CAPTURE(nowhere);
    Redirects redirects(request("https://a.example/"), true);
    const auto next = redirects.follow(moved(nowhere));
    REQUIRE(!next);
    CHECK(next.error().kind == ErrorKind::invalid);
  }
  HttpRequest none = request("https://a.example/");
  none.max_redirects = 0;
  Redirects value(none, false);
  CHECK(!value.follow(moved("/x")).value());
  HttpResponse without;
  without.status = 302;
  Redirects pointless(request("https://a.example/"), false);
  CHECK(!pointless.follow(without).value());
}

TEST_CASE("the environment's proxy") {
  const auto proxy = [](const char* url) { return proxy_of(*parse_web_address(url)); };
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
    ::unsetenv(name);
  }
  CHECK(proxy("http://example.org/").empty());
  ::setenv("http_proxy", "http://proxy:3128", 1);
  ::setenv("no_proxy", ".corp.example, 10.0.0.0/8,direct.example", 1);
  CHECK(proxy("http://example.org/") == "http://proxy:3128");
  CHECK(proxy("https://example.org/").empty());
  for (const char* url :
       {"http://localhost/", "http://127.0.0.1:99/", "http://[::1]/", "http://wiki.corp.example/",
        "http://corp.example/", "http://10.9.8.7/", "http://direct.example/", "http://a.direct.example/"}) {
    CAPTURE(url);
    CHECK(proxy(url).empty());
  }
  for (const char* url : {"http://indirect.example/", "http://evilcorp.example/", "http://11.0.0.1/"}) {
    CAPTURE(url);
    CHECK(!proxy(url).empty());
  }
  ::setenv("no_proxy", "*", 1);
  CHECK(proxy("http://example.org/").empty());
  ::unsetenv("no_proxy");
  ::unsetenv("http_proxy");
  ::setenv("all_proxy", "socks5h://p:1080", 1);
  CHECK(proxy("https://example.org/") == "socks5h://p:1080");
  ::unsetenv("all_proxy");
}
