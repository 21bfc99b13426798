#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"
#include "feature/sources/tistory/tistory_pages.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("tistory: which addresses are posts") {
  CHECK(tistory::post_path("/12", false) == "/12");
  CHECK(tistory::post_path("/m/12/", false) == "/12");
  CHECK(tistory::post_path("/m/entry/%EC%B2%AB-%EA%B8%80", false) == "/entry/%EC%B2%AB-%EA%B8%80");
  for (const char* path :
       {"/", "/m", "/category/x", "/tag/12", "/guestbook", "/notice/3", "/pages/about", "/entry/", "/12/x"}) {
    CAPTURE(path);
    CHECK(tistory::post_path(path, false).empty());
  }
  CHECK(tistory::post_path("/notice/3", true) == "/notice/3");
  CHECK(tistory::post_path("/pages/about", true) == "/pages/about");
}

TEST_CASE("tistory: sitemap and feed together, each post once, protected ones left out") {
  ReplayHttp replay("tistory");
  SourceTest test("tistory", {{"url", "https://dev-note.tistory.com"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.failures.empty());
  REQUIRE(test.documents.size() == 3);
  const auto& perf = test.documents.at("https://dev-note.tistory.com/12");
  CHECK(perf.title == "perf로 캐시 미스 찾기");
  CHECK(perf.authors == std::vector<std::string>{"새벽"});
  CHECK(format_time(perf.published) == "2024-03-10T13:05:00.000Z");
  CHECK(perf.metadata.at("modified") == "2024-03-11T00:27:45.000Z");
  CHECK(perf.metadata.at("category") == "개발/C++");
  CHECK(perf.metadata.at("tags") == "linux, perf");
  // /11 and /entry/mmap-vs-read are one post.
  CHECK(test.documents.contains("https://dev-note.tistory.com/11"));
  CHECK(test.documents.contains("https://dev-note.tistory.com/13"));
  CHECK(!report->complete);  // the feed had one that the sitemap lacks
  CHECK(std::any_of(report->notes.begin(), report->notes.end(), [](const Error& note) {
    return note.where == "https://dev-note.tistory.com/10" && note.message.find("password") != std::string::npos;
  }));
}

TEST_CASE("tistory: a second run does not read what the sitemap says is as it was") {
  ReplayHttp replay("tistory");
  SourceTest test("tistory", {{"url", "https://dev-note.tistory.com"}});
  test.client = &replay;
  const auto first = test.run();
  REQUIRE(first);
  test.cursor = first->cursor;
  replay.requests.clear();
  REQUIRE(test.run());
  CHECK(!test.documents.contains("https://dev-note.tistory.com/12"));
  CHECK(std::none_of(replay.requests.begin(), replay.requests.end(),
                     [](const HttpRequest& r) { return r.url.ends_with("/12"); }));
}

TEST_CASE("tistory: a domain of its own; a feed that is off is a note") {
  ReplayHttp replay("tistory");
  SourceTest test("tistory", {{"url", "https://blog.example.kr/"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(test.documents.size() == 1);
  CHECK(test.documents.contains("https://blog.example.kr/12"));
  CHECK(report->notes.size() == 1);
}

TEST_CASE("tistory: without a sitemap nothing is taken for gone") {
  SourceTest test("tistory", {{"url", "https://gone.tistory.com"}});
  const auto report = test.run();
  CHECK((!report || !report->complete));
  CHECK((!report || !test.failures.empty()));
}
