#include <doctest/doctest.h>

#include <algorithm>

#include "feature/sources/naver_blog/naver_pages.h"
#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"
#include "feature/sources/web/korean_time.h"

using namespace twin;
using namespace twin::feature;

TEST_CASE("naver: list JSON with escapes that JSON does not know, titles encoded as in forms") {
  const auto list = naver::parse_title_list(
      R"({"resultCode":"S","postList":[{"logNo":"22","title":"%EA%B0%80+b%26amp%3B","categoryNo":"1"}],"totalCount":"31",)"
      R"("pagingHtml":"<a onclick=\"go(\'x\', 1)\">\$1 \uAC00 \u00<\/a>"})");
  REQUIRE(list);
  CHECK(list->total == 31);
  REQUIRE(list->posts.size() == 1);
  CHECK(list->posts[0].log_no == "22");
  CHECK(list->posts[0].title == "가 b&");
  CHECK(!naver::parse_title_list("<html>login</html>"));
  CHECK(!naver::parse_title_list("{\"postList\":["));
  CHECK(!naver::parse_title_list(std::string(100'000, '[')));
}

TEST_CASE("naver: times of Korea") {
  const auto utc = [](std::string_view text) { return format_time(web::parse_korean_time(text).value_or(0)); };
  CHECK(utc("2024. 3. 11. 9:27") == "2024-03-11T00:27:00.000Z");
  CHECK(utc("2009/08/15 23:10") == "2009-08-15T14:10:00.000Z");
  CHECK(utc("20240311092745") == "2024-03-11T00:27:45.000Z");
  CHECK(utc("2024. 1. 1.") == "2023-12-31T15:00:00.000Z");
  CHECK(utc("2024년 3월 11일 오후 2:05") == "2024-03-11T05:05:00.000Z");
  CHECK(utc("2024년 3월 11일 오전 12:05") == "2024-03-10T15:05:00.000Z");
  for (const char* text : {"3시간 전", "", "방금 전", "2024. 13. 1.", "2024. 2. 30. 1:00", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(!web::parse_korean_time(text));
  }
}

TEST_CASE("naver: every editor's page, the mobile one where the other is empty, one post once") {
  ReplayHttp replay("naver_blog");
  SourceTest test("naver_blog", {{"url", "https://m.blog.naver.com/bada_note"}, {"page_size", "5"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.failures.empty());
  CHECK(report->complete);
  REQUIRE(test.documents.size() == 5);

  const auto& one = test.documents.at("https://blog.naver.com/bada_note/223380000006");
  CHECK(one.title == "제주 바다에서 보낸 하루");
  CHECK(one.authors == std::vector<std::string>{"바다"});
  CHECK(format_time(one.published) == "2024-03-11T00:27:00.000Z");  // the page says "3시간 전", the feed the time
  CHECK(one.metadata.at("category") == "여행");
  CHECK(one.metadata.at("editor") == ".se-main-container");
  CHECK(one.bytes.find("보말칼국수") != std::string::npos);
  const auto& bakery = test.documents.at("https://blog.naver.com/bada_note/223380000005");
  CHECK(bakery.title == "동네 빵집 \"밀가루 & 소금\"");
  CHECK(bakery.metadata.at("editor") == ".se_component_wrap.sect_dsc");
  CHECK(format_time(bakery.published) == "2024-03-09T12:04:00.000Z");
  CHECK(test.documents.at("https://blog.naver.com/bada_note/223380000004").title == "Reading notes: Walden");
  const auto& film = test.documents.at("https://blog.naver.com/bada_note/223380000003");
  CHECK(film.metadata.at("read_from") == "https://m.blog.naver.com/bada_note/223380000003");
  CHECK(film.metadata.at("tags") == "필름카메라, 사진");
  CHECK(film.metadata.at("category") == "사진");
  const auto& first = test.documents.at("https://blog.naver.com/bada_note/120000000002");
  CHECK(first.metadata.at("editor") == "#postViewArea");
  CHECK(first.title == "처음 쓰는 글");
  CHECK(first.authors == std::vector<std::string>{"바다"});
}

TEST_CASE("naver: a second run reads the list, and again only the newest posts") {
  ReplayHttp replay("naver_blog");
  SourceTest test("naver_blog",
                  {{"url", "https://blog.naver.com/bada_note"}, {"page_size", "5"}, {"recheck_newest", "1"}});
  test.client = &replay;
  const auto first = test.run();
  REQUIRE(first);
  test.cursor = first->cursor;
  replay.requests.clear();
  const auto again = test.run();
  REQUIRE(again);
  CHECK(again->complete);
  CHECK(test.documents.size() == 1);
  CHECK(test.documents.contains("https://blog.naver.com/bada_note/223380000006"));
  CHECK(replay.requests.size() == 4);  // two pages of the list, the feed, the newest post
  CHECK(again->cursor == first->cursor);
}

TEST_CASE("naver: a deleted post costs itself; an unknown blog is an error in the service's words") {
  ReplayHttp replay("naver_blog");
  SourceTest gone("naver_blog", {{"url", "https://blog.naver.com/PostView.naver?blogId=bada_note&logNo=1"}});
  gone.client = &replay;
  REQUIRE(gone.run());
  REQUIRE(gone.failures.size() == 1);
  CHECK(gone.failures[0].where == "https://blog.naver.com/bada_note/1");
  SourceTest nobody("naver_blog", {{"url", "https://blog.naver.com/nobody_here"}, {"page_size", "5"}});
  nobody.client = &replay;
  const auto report = nobody.run();
  REQUIRE(!report);
  CHECK(report.error().message.find("존재하지 않는 블로그입니다.") != std::string::npos);
}
