#include <doctest/doctest.h>
#include <git2.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <nlohmann/json.hpp>

#include "feature/sources/git/repository_for_test.h"
#include "feature/sources/github/api.h"
#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

const std::string bread = "https://github.com/minapark/bread";

using Keys = std::map<std::string, std::string>;

struct GitHubTest {
  explicit GitHubTest(Keys keys, bool token = true) : test("github", std::move(keys)) {
    token ? ::setenv("GITHUB_TOKEN", "secret-github", 1) : ::unsetenv("GITHUB_TOKEN");
    test.client = &replay;
    test.authors = {"Mina Park", "mina@example.org"};
  }
  ~GitHubTest() { ::unsetenv("GITHUB_TOKEN"); }
  GitHubTest(const GitHubTest&) = delete;
  GitHubTest& operator=(const GitHubTest&) = delete;

  Result<SourceReport> run() {
    unchanged.clear();
    test.documents.clear();
    test.order.clear();
    test.failures.clear();
    replay.requests.clear();
    auto context = test.context(disk());
    context.wants = wants;
    context.unchanged = [&](const std::string& where) { unchanged.push_back(where); };
    return test.source->collect(context, [&](Item&& item) {
      if (item) {
        test.order.push_back(item->url);
        RawDocument& document = test.documents[item->url];
        document = *std::move(item);
      } else {
        test.failures.push_back(item.error());
      }
      return true;
    });
  }
  [[nodiscard]] const RawDocument& document(const std::string& url) const {
    REQUIRE_MESSAGE(test.documents.contains(url), url);
    return test.documents.at(url);
  }
  [[nodiscard]] int asked(const std::string& part) const {
    return static_cast<int>(std::count_if(replay.requests.begin(), replay.requests.end(),
                                          [&](const HttpRequest& r) { return r.url.find(part) != std::string::npos; }));
  }

  ReplayHttp replay{"github"};
  SourceTest test;
  std::vector<std::string> unchanged;
  std::function<bool(const std::string&)> wants = [](const std::string&) { return true; };
};

/// Answers one after the other.
class Script final : public HttpClient {
 public:
  std::deque<HttpResponse> answers;
  int asked = 0;
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    ++asked;
    if (answers.empty()) return fail(ErrorKind::network, "no more answers", request.url);
    HttpResponse answer = answers.front();
    answers.pop_front();
    return answer;
  }
};

}  // namespace

TEST_CASE("an account: its repositories by pages, without forks; files, commits, threads of the author alone") {
  GitHubTest hub(Keys{{"url", "https://github.com/minapark"}});
  const auto report = hub.run();
  REQUIRE(report);
  for (const auto& failure : hub.test.failures) MESSAGE(failure.text());
  CHECK(hub.test.failures.empty());
  CHECK(report->complete);
  std::vector<std::string> urls;
  for (const auto& [url, document] : hub.test.documents)
    urls.push_back(url.substr(std::string("https://github.com/").size()));
  CHECK(urls ==
        std::vector<std::string>{"minapark/attic/blob/main/README.md", "minapark/attic/blob/main/notes/deep/old.md",
                                 "minapark/bread/blob/main/%EB%AC%B8%EC%84%9C/%EC%84%A4%EC%B9%98.md",
                                 "minapark/bread/blob/main/README.md", "minapark/bread/blob/main/docs/guide.rst",
                                 "minapark/bread/blob/main/src/oven.py", "minapark/bread/commit/c2",
                                 "minapark/bread/discussions/30", "minapark/bread/issues/1", "minapark/bread/issues/9",
                                 "minapark/bread/pull/2", "minapark/bread/pull/4"});
  CHECK(hub.asked("node_modules") == 0);
  CHECK(hub.asked("/trees/e200") == 0);  // a folder that is not looked into, of a listing that was cut

  const auto& code = hub.document(bread + "/blob/main/src/oven.py");
  CHECK(code.media_type == "text/x-python");
  CHECK(code.title == "src/oven.py");
  CHECK(code.bytes == "def temperature():\n    return 24\n");
  const auto& commit = hub.document(bread + "/commit/c2");
  CHECK(commit.title == "굽는 순서를 바꿈");
  CHECK(commit.authors == std::vector<std::string>{"Mina Park"});
  CHECK(format_time(commit.published) == "2025-09-01T10:00:00.000Z");
}

TEST_CASE("a thread is one document with what its author wrote in it, in order") {
  GitHubTest hub(Keys{{"url", bread}});
  const auto report = hub.run();
  REQUIRE(report);
  const auto& own = hub.document(bread + "/issues/1");
  CHECK(own.title == "오븐이 너무 뜨겁다");
  CHECK(own.bytes == "온도를 240도로 두면 탄다.\n\n---\n\n다시 재 보니 센서 문제였다.\n");
  CHECK(own.metadata.at("tags") == "bug, 한국어");
  CHECK(own.metadata.at("kind") == "issue");
  const auto& other = hub.document(bread + "/issues/9");
  CHECK(other.title == "Water by volume?");
  CHECK(other.bytes == "I would weigh the water as well.\n");
  const auto& reviewed = hub.document(bread + "/pull/4");
  CHECK(reviewed.bytes == "Nice, with one question.\n\n---\n\nName the unit here.\n");
  CHECK(reviewed.metadata.at("kind") == "pull request");
  CHECK(hub.document(bread + "/discussions/30").bytes == "저는 강력분을 씁니다.\n");
  CHECK(!hub.test.documents.contains(bread + "/discussions/31"));
  for (const auto& [url, document] : hub.test.documents) {
    CHECK(document.bytes.find("Works for me") == std::string::npos);
  }
  CHECK(noted(*report, "several contributors"));
}

TEST_CASE("options: no code, no threads, no commits; one language") {
  GitHubTest hub(Keys{{"url", bread},
                      {"code", "false"},
                      {"commits", "false"},
                      {"issues", "false"},
                      {"comments", "false"},
                      {"discussions", "false"},
                      {"attribution", "none"}});
  REQUIRE(hub.run());
  CHECK(hub.test.documents.size() == 3);
  CHECK(hub.asked("contributors") == 0);
  GitHubTest go(
      {{"url", bread}, {"languages", "[go]"}, {"commits", "false"}, {"issues", "false"}, {"comments", "false"}});
  REQUIRE(go.run());
  CHECK(!go.test.documents.contains(bread + "/blob/main/src/oven.py"));
  CHECK(go.test.documents.contains(bread + "/blob/main/README.md"));
}

TEST_CASE("a file with the blob of the last run is not fetched again, nor taken for gone") {
  GitHubTest hub(Keys{{"url", bread}});
  const auto first = hub.run();
  REQUIRE(first);
  CHECK(hub.asked("/git/blobs/") == 4);
  hub.test.cursor = first->cursor;
  const auto second = hub.run();
  REQUIRE(second);
  CHECK(hub.asked("/git/blobs/") == 0);
  CHECK(hub.unchanged.size() == 4);
  CHECK(second->cursor == first->cursor);
  Json cursor = Json::parse(first->cursor);
  cursor["minapark/bread"]["files"]["README.md"] = "0ld";
  hub.test.cursor = cursor.dump();
  REQUIRE(hub.run());
  CHECK(hub.asked("/git/blobs/b001") == 1);
  CHECK(hub.asked("/git/blobs/") == 1);
}

TEST_CASE("what is not wanted is not fetched") {
  GitHubTest hub(Keys{{"url", bread}});
  std::vector<std::string> asked;
  hub.wants = [&](const std::string& url) {
    asked.push_back(url);
    return false;
  };
  REQUIRE(hub.run());
  CHECK(hub.test.documents.empty());
  CHECK(hub.asked("/git/blobs/") == 0);
  CHECK(asked.size() == 10);
}

TEST_CASE("of an organization without logins: commits by the project's names, a note instead of threads") {
  GitHubTest hub(Keys{{"url", "https://github.com/oven-club/site"}}, false);
  const auto report = hub.run();
  REQUIRE(report);
  REQUIRE(hub.test.order == std::vector<std::string>{"https://github.com/oven-club/site/commit/f2"});
  CHECK(noted(*report, "No account is known"));
}

TEST_CASE("rate limits: waited for within the limit, else the rest is left with a clear reason") {
  const HttpResponse ok{.status = 200, .headers = {}, .body = "[]", .url = {}};
  Script script;
  SourceTest test("github", {});
  test.client = &script;
  auto context = test.context(disk());
  github::ApiConfig config;
  const auto start = test.clock.now();

  SUBCASE("a secondary limit names its pause") {
    script.answers = {{.status = 403, .headers = {{"retry-after", "7"}}, .body = {}, .url = {}}, ok};
    github::Api api(config, context);
    CHECK(api.get("/x"));
    CHECK(test.clock.now() - start == 7000);
  }
  SUBCASE("a primary limit says when it is reset") {
    const std::string reset = std::to_string(start / 1000 + 30);
    script.answers = {{.status = 403,
                       .headers = {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}},
                       .body = {},
                       .url = {}},
                      ok};
    github::Api api(config, context);
    CHECK(api.get("/x"));
    CHECK(test.clock.now() - start == 31'000);
  }
  SUBCASE("an hour is too long: later requests are not even sent") {
    const std::string reset = std::to_string(start / 1000 + 3600);
    script.answers = {{.status = 429,
                       .headers = {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}},
                       .body = {},
                       .url = {}}};
    github::Api api(config, context);
    const auto refused = api.get("/x");
    REQUIRE(!refused);
    CHECK(refused.error().kind == ErrorKind::limit);
    CHECK(refused.error().hint.find("GITHUB_TOKEN") != std::string::npos);
    CHECK(!api.get("/y"));
    CHECK(script.asked == 1);
    CHECK(api.exhausted());
  }
  SUBCASE("a refusal without a limit is a refusal") {
    script.answers = {{.status = 403, .headers = {{"x-ratelimit-remaining", "12"}}, .body = "{}", .url = {}}};
    github::Api api(config, context);
    CHECK(api.get("/x").error().kind == ErrorKind::network);
    CHECK(!api.exhausted());
  }
}

TEST_CASE("a rate limit in the middle is a partial failure, and nothing is taken for gone") {
  GitHubTest hub(Keys{{"url", bread}, {"max_wait_seconds", "5"}}, false);
  class Cut final : public HttpClient {
   public:
    explicit Cut(HttpClient& inner) : inner_(inner) {}
    Result<HttpResponse> send(const HttpRequest& request) override {
      if (request.url.find("/blobs/b002") != std::string::npos) {
        return HttpResponse{.status = 403, .headers = {{"retry-after", "600"}}, .body = {}, .url = request.url};
      }
      return inner_.send(request);
    }

   private:
    HttpClient& inner_;
  } cut(hub.replay);
  hub.test.client = &cut;
  const auto report = hub.run();
  REQUIRE(report);
  CHECK(!report->complete);
  REQUIRE(!hub.test.failures.empty());
  CHECK(hub.test.failures[0].kind == ErrorKind::limit);
  CHECK(hub.test.documents.size() == 1);
  CHECK(hub.asked("/commits") == 0);
}

TEST_CASE("listings: next links, circles, and addresses outside of the API") {
  CHECK(github::next_link("<https://a/2>; rel=\"next\", <https://a/9>; rel=\"last\"") == "https://a/2");
  CHECK(github::next_link("<https://a/1>; rel=\"prev\"").empty());
  CHECK(github::next_link("").empty());
  CHECK(github::next_link("garbage, <broken; rel=next").empty());

  Script script;
  SourceTest test("github", {});
  test.client = &script;
  auto context = test.context(disk());
  const github::ApiConfig config;
  github::Api api(config, context);
  const auto with_next = [](const std::string& url) {
    return HttpResponse{.status = 200, .headers = {{"link", "<" + url + ">; rel=\"next\""}}, .body = "[{}]", .url = {}};
  };
  int entries = 0;
  const auto count = [&](const Json&) { return ++entries > 0; };
  script.answers = {with_next("https://api.github.com/l?page=2"), with_next("https://api.github.com/l?page=2")};
  CHECK(api.each("/l", count).error().kind == ErrorKind::invalid);
  CHECK(entries == 2);
  script.answers = {with_next("https://evil.example.org/l")};
  CHECK(api.each("/l", count).error().message.find("outside") != std::string::npos);
  script.answers = {{.status = 200, .headers = {}, .body = "{\"message\":\"no\"}", .url = {}}};
  CHECK(api.each("/l", count).error().kind == ErrorKind::invalid);
}

TEST_CASE("clone: the whole history through git, files attributed, pages of GitHub as addresses") {
  TestRepository repository;
  repository.commit("Start\n\nWith a reason.\n", {{"README.md", "# Bread\n"}}, "Mina Park", "mina@example.org");
  repository.commit("Bob's part", {{"bob.md", "one\ntwo\n"}}, "Bob Roe", "bob@example.org");
  GitHubTest hub(Keys{{"url", bread},
                      {"clone", "true"},
                      {"clone_from", "file://" + repository.path()},
                      {"only_mine", "true"},
                      {"discussions", "false"}});
  CHECK(hub.test.errors.empty());
  const auto report = hub.run();
  REQUIRE(report);
  CHECK(hub.test.failures.empty());
  CHECK(hub.document(bread + "/blob/main/README.md").authors == std::vector<std::string>{"Mina Park"});
  CHECK(!hub.test.documents.contains(bread + "/blob/main/bob.md"));
  CHECK(noted(*report, "Mostly by Bob Roe"));
  CHECK(hub.asked("/git/trees") == 0);
  CHECK(hub.asked("/commits?") == 0);
  CHECK(std::count_if(hub.test.order.begin(), hub.test.order.end(),
                      [](const std::string& url) { return url.find("/commit/") != std::string::npos; }) == 1);
  hub.test.cursor = report->cursor;
  REQUIRE(hub.run());
  CHECK(!hub.test.documents.contains(bread + "/blob/main/README.md"));
  CHECK(std::find(hub.unchanged.begin(), hub.unchanged.end(), bread + "/blob/main/README.md") != hub.unchanged.end());
}
