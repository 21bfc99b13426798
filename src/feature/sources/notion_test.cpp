#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/clean/golden_for_test.h"
#include "feature/collect/polite_http.h"
#include "feature/sources/notion/api.h"
#include "feature/sources/replay_for_test.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

constexpr UnixMillis late_2025 = 1'764'000'000'000;

std::string id(int number) {
  return fmt::format("{:032x}", number);
}
std::string url(int number) {
  return "https://www.notion.so/" + id(number);
}

constexpr int page_a = 0xa, trashed = 0xb, row_1 = 0xc1, row_2 = 0xc2, child = 0xcc, database = 0xdb, broken = 0xbad,
              forgotten = 0xf1d, gone = 0x60e;

using Keys = std::map<std::string, std::string>;

/// What a decorator of the recorded exchanges may own.
class Recorded final : public HttpClient {
 public:
  explicit Recorded(HttpClient& to) : to_(to) {}
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override { return to_.send(request); }

 private:
  HttpClient& to_;
};

PolitenessConfig without_delay() {
  PolitenessConfig config;
  config.delay_seconds = 0;
  return config;
}

/// Behind the polite client, which waits as the service asks (429, Retry-After).
struct NotionTest {
  explicit NotionTest(Keys keys = {}) : test("notion", std::move(keys)) {
    ::setenv("NOTION_TOKEN", "secret-notion", 1);
    test.client = &polite;
    test.clock.advance(Millis{late_2025 - test.clock.now()});
  }
  ~NotionTest() { ::unsetenv("NOTION_TOKEN"); }
  NotionTest(const NotionTest&) = delete;
  NotionTest& operator=(const NotionTest&) = delete;

  Result<SourceReport> run() {
    unchanged.clear();
    replay.requests.clear();
    test.documents.clear();
    test.failures.clear();
    auto context = test.context(disk());
    context.wants = wants;
    context.unchanged = [&](const std::string& where) { unchanged.push_back(where); };
    return test.source->collect(context, [&](Item&& item) {
      if (item) {
        RawDocument& document = test.documents[item->url];
        document = *std::move(item);
      } else {
        test.failures.push_back(item.error());
      }
      return true;
    });
  }
  [[nodiscard]] int asked(const std::string& part) const {
    return static_cast<int>(std::count_if(replay.requests.begin(), replay.requests.end(),
                                          [&](const HttpRequest& r) { return r.url.find(part) != std::string::npos; }));
  }

  ReplayHttp replay{"notion"};
  SourceTest test;
  PoliteHttp polite{std::make_unique<Recorded>(replay), test.clock, without_delay()};
  std::vector<std::string> unchanged;
  std::function<bool(const std::string&)> wants = [](const std::string&) { return true; };
};

}  // namespace

TEST_CASE("a whole workspace: search, data sources and their rows, page by page; a broken page costs itself") {
  NotionTest notion;
  const auto report = notion.run();
  REQUIRE_MESSAGE(report, report.error().text());
  std::vector<std::string> urls;
  for (const auto& [where, document] : notion.test.documents) urls.push_back(where);
  CHECK(urls == std::vector<std::string>{url(page_a), url(row_1), url(row_2), url(child)});
  REQUIRE(notion.test.failures.size() == 1);
  CHECK(notion.test.failures[0].where == url(broken));
  CHECK(notion.test.failures[0].kind == ErrorKind::not_found);
  CHECK(notion.test.failures[0].message.find("Could not find block") != std::string::npos);
  CHECK(!report->complete);  // what is below the broken page is not known
  CHECK(noted(*report, "'Nothing here' has no text"));
  CHECK(notion.asked("/v1/search") == 3);  // the first was told to wait
  CHECK(notion.test.clock.now() >= late_2025 + 2000);
}

TEST_CASE("every type of block becomes Markdown that reads the same") {
  NotionTest notion(Keys{{"url", url(page_a)}});
  const auto report = notion.run();
  REQUIRE_MESSAGE(report, report.error().text());
  const auto& page = notion.test.documents.at(url(page_a));
  CHECK(page.title == "Notes on sourdough");
  CHECK(page.media_type == "text/markdown");
  check_golden(std::filesystem::path(TWIN_SOURCE_DIR) / "src/feature/sources/testdata/notion/sourdough.golden",
               page.bytes);
  CHECK(noted(*report, "A synced block holds itself"));
  CHECK(noted(*report, "type 'ai_block' could not be read"));
  CHECK(noted(*report, "type 'holo_note' was read as plain text"));
  // The signature of a file is another one each time, and is not in the text.
  CHECK(page.bytes.find("X-Amz") == std::string::npos);

  const auto cleaned = clean(page, {});
  REQUIRE(cleaned);
  const std::string prose = prose_view(cleaned->markdown).text;
  for (const char* words :
       {"Feed it twice a day, see the guide and scale().", "2 * 3 * 4 and snake_case stay", "는 조사 앞에서도 읽힌다.",
        "strong", "by hand", "숨은 글", "Mind the oven.", "Shared words."}) {
    CAPTURE(words);
    CHECK(prose.find(words) != std::string::npos);
  }
}

TEST_CASE("properties: title, tags, date, people; a row without a page of its own is its texts") {
  NotionTest notion(Keys{{"pages", "[" + id(database) + "]"}});
  const auto report = notion.run();
  REQUIRE_MESSAGE(report, report.error().text());
  CHECK(report->complete);
  CHECK(notion.test.failures.empty());
  REQUIRE(notion.test.documents.size() == 2);
  const auto& row = notion.test.documents.at(url(row_1));
  CHECK(row.title == "천연 발효종 키우기");
  CHECK(row.authors == std::vector<std::string>{"박미나"});
  CHECK(row.author_emails == std::vector<std::string>{"mina@example.org"});
  CHECK(row.metadata.at("tags") == "빵, 발효");
  CHECK(format_time(row.published) == "2025-04-01T00:00:00.000Z");
  CHECK(row.metadata.at("property.상태") == "공개");
  CHECK(row.metadata.at("property.번호") == "POST-7");
  CHECK(row.metadata.at("property.점수") == "4.5");
  CHECK(row.metadata.at("property.완료") == "true");
  CHECK(row.metadata.at("property.글자 수") == "1200");
  CHECK(!row.metadata.contains("property.관련"));
  CHECK(row.bytes == "## 첫날\n\n밀가루 50g과 물 50g을 섞는다.\n");
  CHECK(notion.test.documents.at(url(row_2)).bytes == "**요약**: 밀가루와 물만으로 굽는 법.\n");
  CHECK(format_time(notion.test.documents.at(url(row_2)).published) == "2025-03-02T08:10:00.000Z");
}

TEST_CASE("what did not change since the cursor is not fetched again, nor taken for gone") {
  NotionTest notion(Keys{{"url", "https://www.notion.so/team/Notes-on-sourdough-" + id(page_a) + "?pvs=4"}});
  const auto first = notion.run();
  REQUIRE(first);
  CHECK(first->complete);
  CHECK(first->cursor_by_item);
  REQUIRE(notion.test.documents.size() == 4);  // the page, its child, and the rows of the database in it
  notion.test.cursor = first->cursor;
  const auto second = notion.run();
  REQUIRE(second);
  CHECK(second->complete);
  CHECK(notion.test.documents.empty());
  CHECK(notion.unchanged.size() == 4);
  CHECK(notion.asked("/v1/blocks/") == 0);
  CHECK(second->cursor == first->cursor);

  // An edit in the same minute leaves no trace in last_edited_time: a page edited just now is read again.
  NotionTest fresh(Keys{{"pages", "[" + id(child) + "]"}});
  fresh.test.clock.advance(Millis{*parse_time("2025-08-01T00:00:30Z") - late_2025});
  const auto early = fresh.run();
  REQUIRE(early);
  fresh.test.cursor = early->cursor;
  REQUIRE(fresh.run());
  CHECK(fresh.unchanged.empty());
  CHECK(fresh.test.documents.size() == 1);
}

TEST_CASE("a page that search no longer shows is asked for before it is gone; trash is gone") {
  NotionTest notion;
  const Json pages{{id(forgotten), {{"edited", "2025-06-01T00:00:00.000Z"}, {"children", Json::array()}}},
                   {id(gone), {{"edited", "2025-06-01T00:00:00.000Z"}, {"children", Json::array()}}}};
  notion.test.cursor = Json{{"pages", pages}}.dump();
  const auto report = notion.run();
  REQUIRE_MESSAGE(report, report.error().text());
  CHECK(notion.test.documents.at(url(forgotten)).bytes == "still shared\n");
  CHECK(!notion.test.documents.contains(url(gone)));
  CHECK(!notion.test.documents.contains(url(trashed)));
  CHECK(notion.test.failures.size() == 1);  // the broken page alone
  CHECK(report->cursor.find(id(gone)) == std::string::npos);
}

TEST_CASE("what is not wanted is not fetched; pages below it are still found") {
  NotionTest notion(Keys{{"url", url(page_a)}});
  std::vector<std::string> asked;
  notion.wants = [&](const std::string& where) {
    asked.push_back(where);
    return where == url(row_1);
  };
  REQUIRE(notion.run());
  CHECK(notion.test.documents.size() == 1);
  std::sort(asked.begin(), asked.end());
  CHECK(asked == std::vector<std::string>{url(page_a), url(row_1), url(row_2), url(child)});
}

TEST_CASE("limits are told, not silent") {
  NotionTest notion(Keys{{"url", url(page_a)}, {"max_blocks", "5"}});
  const auto report = notion.run();
  REQUIRE_MESSAGE(report, report.error().text());
  CHECK(noted(*report, "Only the first 5 blocks were read"));
  CHECK(notion.test.documents.at(url(page_a)).bytes.starts_with("# Starter *basics*\n\nFeed it"));

  NotionTest flat(Keys{{"url", url(page_a)}, {"max_depth", "1"}});
  const auto shallow = flat.run();
  REQUIRE(shallow);
  CHECK(noted(*shallow, "nested deeper than 1"));
  CHECK(flat.test.documents.at(url(page_a)).bytes.find("strong") == std::string::npos);
}

TEST_CASE("without a token, with a wrong id, and answers that are no JSON") {
  SourceTest none("notion", {});
  ::unsetenv("NOTION_TOKEN");
  const auto missing = none.run();
  REQUIRE(!missing);
  CHECK(missing.error().message.find("NOTION_TOKEN") != std::string::npos);

  NotionTest wrong(Keys{{"pages", "[my page]"}});
  CHECK(wrong.run().error().kind == ErrorKind::usage);

  NotionTest html(Keys{{"api_url", "https://proxy.example.org/"}});
  html.test.client = nullptr;
  html.test.http.pages["https://proxy.example.org/v1/search"].body = "<html>";
  const auto report = html.run();
  REQUIRE(!report);
  CHECK(report.error().kind == ErrorKind::invalid);
}

TEST_CASE("ids in every form that people copy") {
  const std::string hex = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d";
  CHECK(notion::id_of(hex) == hex);
  CHECK(notion::id_of("1A2B3C4D-5E6F-7A8B-9C0D-1E2F3A4B5C6D") == hex);
  CHECK(notion::id_of("https://www.notion.so/team/Cafe-bad-" + hex + "?v=0a0a&pvs=4#" + hex) == hex);
  CHECK(notion::id_of("https://team.notion.site/" + hex + "/") == hex);
  CHECK(notion::id_of("https://www.notion.so/product").empty());
  CHECK(notion::dashed(hex) == "1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d");
}
