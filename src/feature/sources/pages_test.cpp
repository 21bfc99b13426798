#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "feature/clean/clean.h"
#include "feature/sources/pages/dates.h"
#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

const std::string site = "https://blog.example.kr";

std::map<std::string, std::string> with_fields(std::map<std::string, std::string> keys) {
  keys.insert({{"title", "{selector: .post-title}"},
               {"author", "{selector: .who}"},
               {"published", "{selector: .meta, pattern: '작성일 ([0-9. :]+)'}"},
               {"tags", "{selector: .tag, pattern: '#(.*)'}"},
               {"body", "{selector: '.wrap > .content', remove: [.share]}"},
               {"timezone", "+09:00"}});
  return keys;
}

using Keys = std::map<std::string, std::string>;

struct PagesTest {
  explicit PagesTest(Keys keys) : test("pages", std::move(keys)) {
    test.client = &replay;
    for (const auto& error : test.errors) MESSAGE(error.text());
  }
  [[nodiscard]] int asked(const std::string& url) const {
    return static_cast<int>(std::count_if(replay.requests.begin(), replay.requests.end(),
                                          [&](const HttpRequest& request) { return request.url == url; }));
  }
  [[nodiscard]] bool failed(const std::string& words) const {
    return std::any_of(test.failures.begin(), test.failures.end(),
                       [&](const Error& error) { return error.text().find(words) != std::string::npos; });
  }
  ReplayHttp replay{"pages"};
  SourceTest test;
};

}  // namespace

TEST_CASE("a list with next links: documents in order, each once, in a circle of pages; one bad page costs itself") {
  PagesTest pages(with_fields({{"url", site + "/posts"},
                               {"link_selector", ".cards h2"},
                               {"link_pattern", "/(posts|files)/"},
                               {"exclude", "[/rules$]"},
                               {"next_selector", ".paging .next"}}));
  REQUIRE(pages.test.errors.empty());
  const auto report = pages.test.run();
  REQUIRE(report);
  CHECK(pages.test.order == std::vector<std::string>{site + "/posts/1", site + "/posts/2?page=a&b=1", site + "/posts/3",
                                                     site + "/files/recipe.pdf"});
  REQUIRE(pages.test.failures.size() == 1);
  CHECK(pages.test.failures[0].kind == ErrorKind::not_found);
  CHECK(pages.test.failures[0].where == site + "/posts/broken");
  CHECK(report->complete);
  CHECK(pages.asked(site + "/posts?p=2") == 1);
  CHECK(pages.test.documents.at(site + "/files/recipe.pdf").media_type == "application/pdf");

  const auto& first = pages.test.documents.at(site + "/posts/1");
  CHECK(first.title == "첫 빵");
  CHECK(first.authors == std::vector<std::string>{"박미나"});
  CHECK(format_time(first.published) == "2025-04-01T00:30:00.000Z");
  CHECK(first.metadata.at("tags") == "발효, 빵");
  const auto cleaned = clean(first, {});
  REQUIRE(cleaned);
  CHECK(cleaned->markdown == "밀가루 오백 그램과 물 삼백오십 그램을 섞는다.\n\n```py\nbake(230)\n```");

  const auto& old = pages.test.documents.at(site + "/posts/3");  // EUC-KR
  CHECK(old.title == "옛 빵");
  CHECK(format_time(old.published) == "2009-03-04T15:00:00.000Z");
  const auto text = clean(old, {});
  REQUIRE(text);
  CHECK(text->markdown == "십육 년 전에 쓴 글이다. 그때는 오븐이 없었다.");
}

TEST_CASE("numbered pages end where nothing new comes, and at the limit with a failure") {
  const std::map<std::string, std::string> keys = {
      {"page_url", site + "/archive/{page}/"}, {"link_selector", "h2 a"}, {"include", "[/posts/]"}};
  PagesTest pages(keys);
  const auto report = pages.test.run();
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(pages.test.order.size() == 3);
  CHECK(pages.asked(site + "/archive/3/") == 1);
  CHECK(pages.asked(site + "/archive/4/") == 0);

  auto limited = keys;
  limited["max_pages"] = "1";
  PagesTest one(limited);
  const auto cut = one.test.run();
  REQUIRE(cut);
  CHECK(!cut->complete);
  CHECK(one.failed("more than 1 pages"));
  CHECK(one.test.order.size() == 2);

  limited = keys;
  limited["max_documents"] = "1";
  PagesTest few(limited);
  REQUIRE(few.test.run());
  CHECK(few.failed("more than 1 documents"));
  CHECK(few.test.order.size() == 1);
}

TEST_CASE("without link rules the start pages are the documents, found by their density") {
  PagesTest pages(Keys{{"url", site + "/plain"}});
  REQUIRE(pages.test.run());
  const auto& page = pages.test.documents.at(site + "/plain");
  CHECK(page.bytes.starts_with("<html>"));
  const auto cleaned = clean(page, {});
  REQUIRE(cleaned);
  CHECK(cleaned->markdown.find("Words enough to be a page") != std::string::npos);
}

TEST_CASE("a selector that finds nothing on a page is told with its address") {
  PagesTest pages(Keys{{"url", site + "/plain"}, {"body", "{selector: .content}"}});
  REQUIRE(pages.test.run());
  CHECK(pages.failed("'.content' finds nothing on this page"));
  PagesTest empty(Keys{{"url", site + "/plain"}, {"link_selector", ".cards a"}});
  const auto report = empty.test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(empty.failed("No link to a document was found"));
}

TEST_CASE("what is not wanted is not fetched") {
  PagesTest pages(Keys{{"page_url", site + "/archive/{page}/"}, {"link_selector", "h2 a"}});
  auto context = pages.test.context(disk());
  context.wants = [](const std::string&) { return false; };
  REQUIRE(pages.test.source->collect(context, [](Item&&) { return true; }));
  CHECK(pages.asked(site + "/posts/1") == 0);
  CHECK(pages.asked(site + "/archive/2/") == 1);
}

TEST_CASE("broken selectors, patterns and formats are errors of the configuration, with file and line") {
  const TempFolder folder;
  const auto file = folder.path() / "sources" / "blog.yaml";
  REQUIRE(disk().write(file,
                       "url: https://example.org\nlink_selector: \"a[\"\nlink_pattern: \"(x\"\n"
                       "body:\n  remove: [\".ok\", \"::\"]\ndate_formats: [\"%Y\"]\nnext_selectr: .next\n"));
  SourceTest test("pages", {{"path", file.string()}});
  REQUIRE(test.errors.size() == 1);
  const std::string text = test.errors[0].text();
  CHECK(text.find(file.string() + ":2:16: link_selector: 'a[' is not a CSS selector") != std::string::npos);
  CHECK(text.find(file.string() + ":3:15: link_pattern: '(x' is no regular expression") != std::string::npos);
  CHECK(text.find(file.string() + ":5:19: body.remove: '::' is not a CSS selector") != std::string::npos);
  CHECK(text.find(file.string() + ":6:16: date_formats:") != std::string::npos);
  CHECK(text.find("unknown key \"next_selectr\"") != std::string::npos);
}

TEST_CASE("a shared definition gives the defaults of the keys in twin.yaml") {
  const TempFolder folder;
  const auto file = folder.path() / "sources" / "blog.yaml";
  REQUIRE(
      disk().write(file, "url: " + site + "/posts\nlink_selector: .cards h2\nlink_pattern: /posts/\nmax_pages: 3\n"));
  PagesTest pages(Keys{{"path", file.string()}, {"link_pattern", "/posts/1$"}});
  CHECK(pages.test.errors.empty());
  CHECK(pages.test.source->location() == site + "/posts");
  REQUIRE(pages.test.run());
  CHECK(pages.test.order == std::vector<std::string>{site + "/posts/1"});
  // The definition counts in cache keys by what it says, not by where it lies.
  const Json canonical = config::canonical([&](config::Binder& b) { pages.test.source->bind(b); });
  CHECK(!canonical.contains("path"));
  CHECK(canonical["link_selector"] == ".cards h2");
  CHECK(canonical["link_pattern"] == "/posts/1$");
}

TEST_CASE("dates as sites write them") {
  const auto read = [](const std::string& text, const std::vector<std::string>& formats = {}, int offset = 540) {
    const auto time = pages::parse_date(text, formats, offset);
    return time ? format_time(*time) : std::string("none");
  };
  CHECK(read("2025-04-01T09:30:00+09:00") == "2025-04-01T00:30:00.000Z");
  CHECK(read("2025-04-01T09:30:00Z") == "2025-04-01T09:30:00.000Z");
  CHECK(read("2025-04-01T09:30:00") == "2025-04-01T00:30:00.000Z");
  CHECK(read("2025-04-01") == "2025-03-31T15:00:00.000Z");
  CHECK(read("2025. 4. 1. 오후 3:20") == "2025-04-01T06:20:00.000Z");
  CHECK(read("2025.04.01. 15:20") == "2025-04-01T06:20:00.000Z");
  CHECK(read("2025년 4월 1일") == "2025-03-31T15:00:00.000Z");
  CHECK(read("2025년 4월 1일 오전 12시 5분") == "2025-03-31T15:05:00.000Z");
  CHECK(read("2025년 4월 1일 (화)") == "2025-03-31T15:00:00.000Z");
  CHECK(read("April 1, 2025", {}, 0) == "2025-04-01T00:00:00.000Z");
  CHECK(read("1 Sept. 2025", {}, 0) == "2025-09-01T00:00:00.000Z");
  CHECK(read("Tue, 01 Apr 2025 09:30:00 GMT") == "2025-04-01T09:30:00.000Z");
  CHECK(read("posted on 2025/04/01, 12 views", {"%Y/%m/%d"}, 0) == "2025-04-01T00:00:00.000Z");
  CHECK(read("no. 12025/04/01", {"%Y/%m/%d"}) == "none");
  CHECK(read("25-4-1 11:30 PM", {"%y-%m-%d %I:%M %p"}, 0) == "2025-04-01T23:30:00.000Z");
  CHECK(read("2025-02-30") == "none");
  CHECK(read("3일 전") == "none");
  CHECK(read("") == "none");
  CHECK(pages::format_problem("%Y-%m-%d").empty());
  CHECK(!pages::format_problem("%Y-%q").empty());
  CHECK(!pages::format_problem("%H:%M").empty());
  CHECK(pages::offset_minutes("-0330") == -210);
  CHECK(pages::offset_minutes("+9") == std::nullopt);
}
