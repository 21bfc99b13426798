#include <doctest/doctest.h>

#include <algorithm>

#include "feature/collect/canonical_url.h"
#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

bool has_note(const SourceReport& report, std::string_view words) {
  return std::any_of(report.notes.begin(), report.notes.end(),
                     [&](const Error& note) { return note.message.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("velog: the listing to its end, what only the feed has, private posts left out") {
  ReplayHttp replay("velog");
  SourceTest test("velog", {{"url", "https://velog.io/@haneul"}, {"page_size", "2"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.failures.empty());
  CHECK(test.documents.size() == 4);

  const std::string slug =
      "%EB%A6%AC%EB%88%85%EC%8A%A4%EC%97%90%EC%84%9C-%ED%8C%8C%EC%9D%BC%EC%9D%84-%EC%95%88%EC%A0%84%ED%95%98%EA%B2%8C-%"
      "EC%93%B0%EB%8A%94-%EB%B2%95";
  const auto& post = test.documents.at("https://velog.io/@haneul/" + slug);
  CHECK(canonical_url(post.url) == post.url);
  CHECK(post.title == "리눅스에서 파일을 안전하게 쓰는 법");
  CHECK(post.media_type == "text/markdown");
  CHECK(post.bytes.find("```cpp\nint fd") != std::string::npos);
  CHECK(post.authors == std::vector<std::string>{"김하늘"});
  CHECK(format_time(post.published) == "2024-03-11T00:27:45.123Z");
  CHECK(post.metadata.at("modified") == "2024-03-12T01:00:00.000Z");
  CHECK(post.metadata.at("tags") == "Linux, C++");
  CHECK(post.metadata.at("series") == "시스템 프로그래밍");
  CHECK(test.documents.at("https://velog.io/@haneul/notes-on-korean-tokenizers").metadata.count("modified") == 0);
  CHECK(test.documents.at("https://velog.io/@haneul/%EC%98%A4%EB%9E%98%EB%90%9C-%EA%B8%80-k3j2").media_type ==
        "text/html");
  CHECK(test.documents.contains("https://velog.io/@haneul/%EB%86%93%EC%B9%9C-%EA%B8%80"));

  // The listing lacked a post: what else it lacks must not be taken for deleted.
  CHECK(!report->complete);
  CHECK(has_note(*report, "1 posts that the listing lacks"));
  CHECK(has_note(*report, "1 private posts"));
}

TEST_CASE("velog: a second run asks for the listing and for what it does not know the state of") {
  ReplayHttp replay("velog");
  SourceTest test("velog", {{"url", "https://velog.io/@haneul"}, {"page_size", "2"}});
  test.client = &replay;
  const auto first = test.run();
  REQUIRE(first);
  CHECK(first->cursor_by_item);
  test.cursor = first->cursor;
  replay.requests.clear();
  std::vector<std::string> unchanged;
  auto context = test.context(disk());
  context.unchanged = [&](const std::string& url) { unchanged.push_back(url); };
  int handed_over = 0;
  const auto again = test.source->collect(context, [&](Item&& item) {
    handed_over += item ? 1 : 0;
    return true;
  });
  REQUIRE(again);
  CHECK(unchanged.size() == 3);
  CHECK(handed_over == 1);                // of the post that only the feed has, the listing does not tell the time
  CHECK(replay.requests.size() == 5);     // three pages of the listing, the feed, that post
  CHECK(again->cursor == first->cursor);  // same input, same bytes
}

TEST_CASE("velog: what is not wanted is not fetched, and stays known") {
  ReplayHttp replay("velog");
  SourceTest test("velog", {{"url", "https://velog.io/@haneul"}, {"page_size", "2"}});
  test.client = &replay;
  auto context = test.context(disk());
  std::vector<std::string> asked;
  context.wants = [&](const std::string& url) {
    asked.push_back(url);
    return false;
  };
  const auto report = test.source->collect(context, [](Item&&) { return true; });
  REQUIRE(report);
  CHECK(asked.size() == 4);
  CHECK(std::none_of(replay.requests.begin(), replay.requests.end(),
                     [](const HttpRequest& r) { return r.body.find("ReadPost") != std::string::npos; }));
}

TEST_CASE("velog: a listing that repeats itself ends, and is not complete") {
  ReplayHttp replay("velog_repeats");
  SourceTest test("velog", {{"url", "https://velog.io/@haneul"}});
  test.client = &replay;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.documents.size() == 1);
  CHECK(!report->complete);
  CHECK(has_note(*report, "repeats itself"));
  CHECK(has_note(*report, "could not be checked against the feed"));
}

TEST_CASE("velog: one post, a deleted post, an unknown user, a limit") {
  ReplayHttp replay("velog");
  SourceTest one("velog", {{"url", "https://velog.io/@haneul/notes-on-korean-tokenizers"}});
  one.client = &replay;
  REQUIRE(one.run());
  CHECK(one.documents.size() == 1);
  CHECK(replay.requests.size() == 1);

  SourceTest gone("velog", {{"url", "https://velog.io/@haneul/지워진-글"}});
  gone.client = &replay;
  REQUIRE(gone.run());
  REQUIRE(gone.failures.size() == 1);
  CHECK(gone.failures[0].kind == ErrorKind::not_found);
  CHECK(gone.failures[0].where == "https://velog.io/@haneul/%EC%A7%80%EC%9B%8C%EC%A7%84-%EA%B8%80");

  SourceTest nobody("velog", {{"url", "https://velog.io/@nobody"}});
  nobody.client = &replay;
  const auto report = nobody.run();
  REQUIRE(!report);
  CHECK(report.error().message.find("Username not found") != std::string::npos);

  SourceTest few("velog", {{"url", "https://velog.io/@haneul"}, {"page_size", "2"}, {"max_posts", "1"}});
  few.client = &replay;
  const auto cut = few.run();
  REQUIRE(cut);
  CHECK(!cut->complete);
  REQUIRE(few.failures.size() == 1);
  CHECK(few.failures[0].kind == ErrorKind::limit);
}
