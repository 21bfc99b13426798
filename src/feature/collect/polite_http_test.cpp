#include "feature/collect/polite_http.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/files.h"
#include "feature/collect/script_http_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

constexpr const char* no_rules = "";

/// A polite client in front of a script; robots.txt is empty unless the script answers it.
struct Rig {
  explicit Rig(ScriptHttp::Script script, PolitenessConfig config = {}, std::filesystem::path cache = {})
      : polite(std::make_unique<PoliteHttp>(
            std::make_unique<ScriptHttp>(asked,
                                         [this, script = std::move(script)](const HttpRequest& request) {
                                           if (request.url.ends_with("/robots.txt") && robots) {
                                             return Result<HttpResponse>(answer_of(200, *robots));
                                           }
                                           return script(request);
                                         }),
            clock, config, std::move(cache))) {
    polite->observe([this](const HostState& state) { states.push_back(state); });
  }
  Result<HttpResponse> get(const std::string& url, Headers headers = {}) {
    return polite->send(get_request(url, std::move(headers)));
  }
  [[nodiscard]] bool saw(HostPhase phase) const {
    return std::any_of(states.begin(), states.end(), [&](const HostState& s) { return s.phase == phase; });
  }

  FakeClock clock;
  Asked asked;
  std::optional<std::string> robots = no_rules;
  std::vector<HostState> states;
  std::unique_ptr<PoliteHttp> polite;
};

Result<HttpResponse> ok(const HttpRequest&) {
  return answer_of(200, "page");
}

}  // namespace

TEST_CASE("robots.txt is asked for once, and obeyed") {
  Rig rig(ok);
  rig.robots = "User-agent: *\nDisallow: /private\n";
  CHECK(rig.get("https://a.example/public")->body == "page");
  const auto refused = rig.get("https://a.example/private/x");
  REQUIRE(!refused);
  CHECK(refused.error().kind == ErrorKind::limit);
  CHECK(refused.error().where == "https://a.example/private/x");
  CHECK(refused.error().hint.find("a.example") != std::string::npos);
  CHECK(rig.asked.count("https://a.example/robots.txt") == 1);
  CHECK(rig.asked.count("https://a.example/private/x") == 0);
  CHECK(rig.get("http://a.example:8080/public"));  // another origin has rules of its own
  CHECK(rig.asked.count("http://a.example:8080/robots.txt") == 1);
  rig.clock.advance(Millis{86'400'001});
  CHECK(rig.get("https://a.example/public"));
  CHECK(rig.asked.count("https://a.example/robots.txt") == 2);
}

TEST_CASE("robots.txt is for crawling: not for requests with a token, not for queries, not for one's own site") {
  PolitenessConfig config;
  config.robots_exempt = {"mine.example", "*.mine.example"};
  Rig rig(ok, config);
  rig.robots = "User-agent: *\nDisallow: /\n";
  CHECK(!rig.get("https://a.example/x"));
  CHECK(rig.get("https://a.example/x", {{"Authorization", "Bearer t"}}));
  HttpRequest query = get_request("https://a.example/graphql");
  query.method = "POST";
  CHECK(rig.polite->send(query));
  CHECK(rig.get("https://mine.example/x"));
  CHECK(rig.get("https://blog.mine.example/x"));
  CHECK(!rig.get("https://notmine.example/x"));
  CHECK(rig.asked.count("https://mine.example/robots.txt") == 0);
  config.respect_robots = false;
  Rig off(ok, config);
  off.robots = rig.robots;
  CHECK(off.get("https://a.example/x"));
}

TEST_CASE("what a missing, broken or hostile robots.txt means") {
  const auto verdict = [](const ScriptHttp::Script& robots) {
    Rig rig([&](const HttpRequest& request) {
      return request.url.find("robots") != std::string::npos ? robots(request) : ok(request);
    });
    rig.robots.reset();
    return rig.get("https://a.example/x").has_value();
  };
  for (const int status : {400, 401, 403, 404, 410, 451}) {
    CAPTURE(status);
    CHECK(verdict([&](const HttpRequest&) { return answer_of(status); }));
  }
  for (const int status : {429, 500, 502, 503}) {
    CAPTURE(status);
    CHECK(!verdict([&](const HttpRequest&) { return answer_of(status); }));
  }
  CHECK(!verdict([](const HttpRequest&) { return fail(ErrorKind::network, "no route"); }));
  CHECK(!verdict([](const HttpRequest&) { return fail(ErrorKind::limit, "loopback"); }));
  // Redirects: the rules at their end hold; without an end there are none.
  const auto hops = [&](int count, const char* rules) {
    return verdict([=](const HttpRequest& request) -> Result<HttpResponse> {
      const int at = request.url.back() == 't' ? 0 : request.url.back() - '0';
      if (at == count) return answer_of(200, rules);
      return answer_of(301, "", {{"location", "https://b.example/robots" + std::to_string(at + 1)}});
    });
  };
  CHECK(!hops(5, "User-agent: *\nDisallow: /\n"));
  CHECK(hops(6, "User-agent: *\nDisallow: /\n"));
  CHECK(hops(5, "User-agent: *\nAllow: /\n"));
  CHECK(verdict([](const HttpRequest&) { return answer_of(301, "", {{"location", "https://a.example/robots.txt"}}); }));
  CHECK(verdict([](const HttpRequest&) { return answer_of(301, "", {{"location", "file:///etc/passwd"}}); }));
  std::string huge = "User-agent: *\nDisallow: /early\n" + std::string(600 << 10, '#') + "\nDisallow: /\n";
  CHECK(verdict([&](const HttpRequest&) { return answer_of(200, huge); }));
}

TEST_CASE("rules known from an earlier run stand in for a robots.txt that cannot be read") {
  const TempFolder folder;
  bool broken = false;
  const auto script = [&](const HttpRequest& request) -> Result<HttpResponse> {
    if (!request.url.ends_with("/robots.txt")) return answer_of(200);
    return broken ? answer_of(503) : answer_of(200, "User-agent: *\nDisallow: /private\n");
  };
  {
    Rig rig(script, {}, folder.path());
    rig.robots.reset();
    CHECK(rig.get("https://a.example/x"));
  }
  broken = true;
  const auto later = [&](UnixMillis days) {
    Rig rig(script, {}, folder.path());
    rig.robots.reset();
    rig.clock.advance(Millis{days * 86'400'000});
    const bool allowed = rig.get("https://a.example/x").has_value();
    CHECK(!rig.get("https://a.example/private"));
    return std::pair(allowed, rig.asked.count("https://a.example/robots.txt"));
  };
  CHECK(later(0) == std::pair(true, 0));
  CHECK(later(2).first);
  CHECK(later(2).second > 0);
  CHECK(!later(31).first);
}

TEST_CASE("requests to one host keep their distance, Crawl-delay included") {
  PolitenessConfig config;
  config.delay_seconds = 2;
  Rig rig(ok, config);
  const auto start = rig.clock.now();
  for (int i = 0; i < 3; ++i) CHECK(rig.get("https://a.example/" + std::to_string(i)));
  CHECK(rig.clock.now() - start >= 6000);  // robots.txt, and three pages
  CHECK(rig.clock.now() - start <= 6300);
  CHECK(rig.saw(HostPhase::waiting));
  CHECK(rig.saw(HostPhase::fetching));
  CHECK(rig.states.back().phase == HostPhase::idle);
  CHECK(rig.states.back().done == 4);
  const auto other = rig.clock.now();
  config.delay_seconds = 0;
  Rig slow(ok, config);
  slow.robots = "User-agent: *\nCrawl-delay: 7\n";
  for (int i = 0; i < 2; ++i) CHECK(slow.get("https://a.example/" + std::to_string(i)));
  CHECK(slow.clock.now() - other >= 0);
  CHECK(slow.clock.now() - start >= 14'000);
  Rig trap(ok, config);
  trap.robots = "User-agent: *\nCrawl-delay: 86400\n";
  const auto out = trap.get("https://a.example/");
  REQUIRE(!out);
  CHECK(out.error().message.find("86400") != std::string::npos);
}

TEST_CASE("at most so many at once per host, and hosts do not wait for each other") {
  PolitenessConfig config;
  config.delay_seconds = 0;
  config.concurrency_per_host = 2;
  config.concurrency = 3;
  config.respect_robots = false;
  std::atomic<int> now{0}, most{0}, of_a{0}, most_a{0};
  Rig rig(
      [&](const HttpRequest& request) -> Result<HttpResponse> {
        const bool a = request.url.starts_with("https://a.");
        most = std::max(most.load(), ++now);
        if (a) most_a = std::max(most_a.load(), ++of_a);
        std::this_thread::sleep_for(Millis{5});
        if (a) --of_a;
        --now;
        return answer_of(200);
      },
      config);
  std::vector<std::jthread> threads;
  threads.reserve(24);
  std::atomic<int> good{0};
  for (int i = 0; i < 24; ++i) {
    threads.emplace_back([&, i] {
      const std::string host = i % 3 == 0 ? "b" : "a";
      if (rig.get("https://" + host + ".example/" + std::to_string(i))) ++good;
    });
  }
  threads.clear();
  CHECK(good == 24);
  CHECK(most_a == 2);
  CHECK(most == 3);
}

TEST_CASE("failures that may pass are tried again; Retry-After is a promise") {
  int failures = 2;
  Rig rig([&](const HttpRequest&) -> Result<HttpResponse> {
    if (failures-- > 0) return failures == 1 ? Result<HttpResponse>(fail(ErrorKind::network, "reset")) : answer_of(503);
    return answer_of(200, "late");
  });
  CHECK(rig.get("https://a.example/x")->body == "late");
  CHECK(rig.asked.count("https://a.example/x") == 3);
  CHECK(rig.saw(HostPhase::retrying));
  CHECK(rig.states.back().failed == 0);

  bool first = true;
  Rig patient([&](const HttpRequest&) -> Result<HttpResponse> {
    if (std::exchange(first, false)) return answer_of(429, "", {{"retry-after", "90"}});
    return answer_of(200);
  });
  const auto start = patient.clock.now();
  CHECK(patient.get("https://a.example/x")->status == 200);
  CHECK(patient.clock.now() - start >= 90'000);

  Rig stubborn([](const HttpRequest&) { return answer_of(429); });
  CHECK(stubborn.get("https://a.example/x")->status == 429);
  CHECK(stubborn.asked.count("https://a.example/x") == PolitenessConfig{}.attempts);
  for (const int status : {400, 403, 404, 501}) {
    Rig final([&](const HttpRequest&) { return answer_of(status); });
    CHECK(final.get("https://a.example/x")->status == status);
    CHECK(final.asked.count("https://a.example/x") == 1);
  }
}

TEST_CASE("a host that asks for a year, or fails on and on, is left alone; others are not") {
  const auto script = [](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.url.starts_with("https://year.")) return answer_of(503, "", {{"retry-after", "31536000"}});
    if (request.url.starts_with("https://dead.")) return fail(ErrorKind::network, "connection refused");
    return answer_of(200);
  };
  PolitenessConfig config;
  config.host_failures = 3;
  Rig rig(script, config);
  const auto year = rig.get("https://year.example/1");
  REQUIRE(!year);
  CHECK(year.error().message.find("8760.0") != std::string::npos);
  CHECK(!rig.get("https://year.example/2"));
  CHECK(rig.asked.count("https://year.example/1") == 1);
  CHECK(rig.asked.count("https://year.example/2") == 0);
  for (int i = 0; i < 10; ++i) CHECK(!rig.get("https://dead.example/" + std::to_string(i)));
  CHECK(rig.asked.count("https://dead.example/2") == config.attempts);
  CHECK(rig.asked.count("https://dead.example/3") == 0);
  const auto dead = rig.get("https://dead.example/11");
  CHECK(dead.error().kind == ErrorKind::network);
  CHECK(dead.error().message.find("connection refused") != std::string::npos);
  CHECK(rig.saw(HostPhase::blocked));
  CHECK(rig.get("https://fine.example/")->status == 200);
  CHECK(rig.clock.now() < FakeClock{}.now() + 600'000);
}

TEST_CASE("a success between failures starts the count anew") {
  PolitenessConfig config;
  config.host_failures = 2;
  config.attempts = 1;
  int n = 0;
  Rig rig([&](const HttpRequest&) { return answer_of(++n % 2 == 0 ? 200 : 500); }, config);
  for (int i = 0; i < 10; ++i) CHECK(rig.get("https://a.example/" + std::to_string(i)));
  CHECK(n == 10);
}

TEST_CASE("what has not changed is answered from the cache") {
  const TempFolder folder;
  std::string version = "1";
  const auto script = [&](const HttpRequest& request) -> Result<HttpResponse> {
    if (header_of(request, "If-None-Match") == "\"" + version + "\"") {
      return answer_of(304, "", {{"etag", "\"" + version + "\""}});
    }
    return answer_of(200, "body " + version, {{"etag", "\"" + version + "\""}, {"content-type", "text/html"}});
  };
  {
    Rig first(script, {}, folder.path());
    CHECK(first.get("https://a.example/x")->body == "body 1");
    CHECK(!first.get("https://a.example/other")->cached);
  }
  Rig second(script, {}, folder.path());
  const auto same = second.get("https://a.example/x").value();
  CHECK(same.status == 200);
  CHECK(same.cached);
  CHECK(same.body == "body 1");
  CHECK(same.header("content-type") == "text/html");
  CHECK(second.states.back().cached == 1);
  // A source with conditions of its own gets the server's word.
  CHECK(second.get("https://a.example/x", {{"If-None-Match", "\"1\""}})->status == 304);
  version = "2";
  const auto changed = second.get("https://a.example/x").value();
  CHECK(!changed.cached);
  CHECK(changed.body == "body 2");
  CHECK(second.get("https://a.example/x")->body == "body 2");
  CHECK(second.get("https://a.example/x")->cached);
}

TEST_CASE("lies about what has not changed") {
  const TempFolder folder;
  int status = 200;
  std::string etag = "\"1\"";
  const auto script = [&](const HttpRequest& request) -> Result<HttpResponse> {
    const bool conditional = !header_of(request, "If-None-Match").empty();
    if (status == 304 && (conditional || etag == "\"always\"")) return answer_of(304, "", {{"etag", etag}});
    return answer_of(200, "now", {{"etag", etag}});
  };
  Rig rig(script, {}, folder.path());
  CHECK(rig.get("https://a.example/x")->body == "now");
  // 304 for another version than the one that is kept: asked again without conditions.
  status = 304;
  etag = "\"2\"";
  CHECK(!rig.get("https://a.example/x")->cached);
  // 304 although nothing was kept
  etag = "\"always\"";
  const auto out = rig.get("https://a.example/never-seen");
  REQUIRE(!out);
  CHECK(out.error().kind == ErrorKind::invalid);
}

TEST_CASE("max-age is trusted only when asked to") {
  for (const bool trust : {false, true}) {
    const TempFolder folder;
    PolitenessConfig config;
    config.trust_max_age = trust;
    Rig rig(
        [](const HttpRequest&) {
          return answer_of(200, "x", {{"cache-control", "max-age=3600"}});
        },
        config, folder.path());
    CHECK(rig.get("https://a.example/x"));
    CHECK(rig.get("https://a.example/x")->cached == trust);
    CHECK(rig.asked.count("https://a.example/x") == (trust ? 1 : 2));
    rig.clock.advance(Millis{3'600'001});
    CHECK(!rig.get("https://a.example/x")->cached);
  }
}

TEST_CASE("each hop of a redirect is under the rules of its own host") {
  Rig rig([](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.url == "https://a.example/go") return answer_of(302, "", {{"location", "https://b.example/closed"}});
    if (request.url == "https://a.example/fine") return answer_of(302, "", {{"location", "https://b.example/open"}});
    if (request.url == "https://b.example/robots.txt") return answer_of(200, "User-agent: *\nDisallow: /closed\n");
    if (request.url.ends_with("/robots.txt")) return answer_of(404);
    return answer_of(200, "there");
  });
  rig.robots.reset();
  const auto refused = rig.get("https://a.example/go");
  REQUIRE(!refused);
  CHECK(refused.error().where == "https://b.example/closed");
  const auto there = rig.get("https://a.example/fine").value();
  CHECK(there.body == "there");
  CHECK(there.url == "https://b.example/open");
  HttpRequest stay = get_request("https://a.example/fine");
  stay.max_redirects = 0;
  CHECK(rig.polite->send(stay)->status == 302);
}

TEST_CASE("streams are handed on, and not begun again once something came") {
  int n = 0;
  Rig rig([&](const HttpRequest& request) -> Result<HttpResponse> {
    if (++n == 1) return fail(ErrorKind::network, "reset before anything");
    if (n == 2) {
      request.on_data("half");
      return fail(ErrorKind::network, "reset in the middle");
    }
    return answer_of(200, "whole");
  });
  std::string got;
  HttpRequest stream = get_request("https://a.example/x");
  stream.on_data = [&](std::string_view piece) {
    got += piece;
    return true;
  };
  CHECK(!rig.polite->send(stream));
  CHECK(got == "half");
  CHECK(n == 2);
}

TEST_CASE("a stop is heard while waiting") {
  std::stop_source stop;
  PolitenessConfig config;
  config.longest_wait_seconds = 80'000;
  Rig rig(
      [&](const HttpRequest&) {
        stop.request_stop();
        return answer_of(429, "", {{"retry-after", "70000"}});
      },
      config);
  HttpRequest request = get_request("https://a.example/x");
  request.stop = stop.get_token();
  CHECK(rig.polite->send(request).error().kind == ErrorKind::cancelled);
}

TEST_CASE("what is no web address is no crash") {
  Rig rig([](const HttpRequest& request) { return fail(ErrorKind::usage, "not a web address", request.url); });
  for (const char* url : {"", "ftp://x/", "http://", "not a url", "https://[::1"}) {
    CAPTURE(url);
    CHECK(rig.get(url).error().kind == ErrorKind::usage);
  }
}

TEST_CASE("the configuration says who asks, and what is wrong with it") {
  PolitenessConfig config;
  config.contact = "me@example.org";
  CHECK(user_agent(config).starts_with("Twin/"));
  CHECK(user_agent(config).ends_with(" (+me@example.org)"));
  config.user_agent = "Mine/1";
  CHECK(http_policy(config)->user_agent == "Mine/1");
  config.allow_hosts = {"http://x"};
  CHECK(http_policy(config).error().kind == ErrorKind::usage);
  FakeClock clock;
  CHECK_THROWS_AS((void)make_polite_http(config, clock, {}), Fatal);
  config.allow_hosts = {"10.0.0.0/8"};
  CHECK(make_polite_http(config, clock, {})->parallel().per_host == config.concurrency_per_host);
}
