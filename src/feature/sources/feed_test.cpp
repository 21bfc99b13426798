#include <doctest/doctest.h>

#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

// In the shape of WordPress and Medium.
const std::string rss2 = R"(<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Jane's blog</title><link>https://jane.example/</link><language>en-US</language>
<atom:link href="https://jane.example/feed/" rel="self" xmlns:atom="http://www.w3.org/2005/Atom"/>
<item><title>Tips &amp;amp; tricks</title><link>https://jane.example/tips/?utm_source=rss</link>
<dc:creator><![CDATA[Jane Doe]]></dc:creator><pubDate>Wed, 05 Apr 2023 08:30:00 +0200</pubDate>
<category><![CDATA[tools]]></category><category>sql</category><guid isPermaLink="false">https://jane.example/?p=7</guid>
<description><![CDATA[<p>Short &#8230;</p>]]></description>
<content:encoded><![CDATA[<p>The <b>whole</b> text.</p>]]></content:encoded></item>
<item><title>No link</title><guid>https://jane.example/permalink</guid><author>bob@example.org (Bob Roe)</author><description>Summary only</description></item>
<item><title>Nothing at all</title></item>
</channel></rss>)";

const std::string atom = R"(<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko"><title>하늘의 글</title><link href="/"/><author><name>김하늘</name></author>
<entry><title type="html">첫 &lt;b&gt;글&lt;/b&gt;</title><link rel="edit" href="/edit/1"/><link href="/posts/1"/><id>tag:example.org,2024:1</id>
<updated>2024-02-12T00:00:00Z</updated><published>2024-02-11T12:00:00Z</published><category term="일상"/>
<summary>요약</summary><content type="html">&lt;p&gt;본문&lt;/p&gt;</content></entry>
<entry><title>둘째</title><id>tag:example.org,2024:2</id><updated>2024-03-01T00:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a <em>b</em></p></div></content></entry>
<entry><title>셋째</title><id>https://example.org/3</id><author><name>손님</name></author><content>1 &lt; 2</content></entry>
</feed>)";

const std::string rdf = R"(<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://old.example/"><title>Old</title><link>https://old.example/</link></channel>
<item rdf:about="https://old.example/1"><title>One</title><description>Text</description><dc:date>2004-01-02T03:04:05Z</dc:date></item>
</rdf:RDF>)";

HttpResponse feed_page(std::string body, Headers headers = {}) {
  HttpResponse response;
  response.status = 200;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

}  // namespace

TEST_CASE("RSS 2.0") {
  const auto feed = parse_feed(rss2);
  REQUIRE(feed);
  REQUIRE(feed->entries.size() == 3);
  const auto& first = feed->entries[0];
  CHECK(feed->title == "Jane's blog");
  CHECK(feed->link == "https://jane.example/");
  CHECK(first.content == "<p>The <b>whole</b> text.</p>");
  CHECK(!first.summary);
  CHECK(first.authors == std::vector<std::string>{"Jane Doe"});
  CHECK(first.tags == std::vector<std::string>{"tools", "sql"});
  CHECK(format_time(first.published) == "2023-04-05T06:30:00.000Z");
  CHECK(first.language == "en-US");
  CHECK(feed->entries[1].link == "https://jane.example/permalink");
  CHECK(feed->entries[1].authors == std::vector<std::string>{"Bob Roe"});
  CHECK(feed->entries[1].summary);
}

TEST_CASE("Atom") {
  const auto feed = parse_feed(atom);
  REQUIRE(feed);
  REQUIRE(feed->entries.size() == 3);
  CHECK(feed->entries[0].link == "/posts/1");
  CHECK(feed->entries[0].content == "<p>본문</p>");
  CHECK(format_time(feed->entries[0].published) == "2024-02-11T12:00:00.000Z");
  CHECK(feed->entries[0].authors == std::vector<std::string>{"김하늘"});
  CHECK(feed->entries[1].content.find("<em>b</em>") != std::string::npos);
  CHECK(feed->entries[1].media_type == "text/html");
  CHECK(format_time(feed->entries[1].published) == "2024-03-01T00:00:00.000Z");
  CHECK(feed->entries[2].authors == std::vector<std::string>{"손님"});
  CHECK(feed->entries[2].media_type == "text/plain");
  CHECK(feed->entries[2].content == "1 < 2");
}

TEST_CASE("RDF, RSS 0.91 and Korean encodings") {
  const auto old = parse_feed(rdf);
  REQUIRE(old);
  CHECK(old->entries.at(0).link == "https://old.example/1");
  CHECK(format_time(old->entries[0].published) == "2004-01-02T03:04:05.000Z");
  const auto euckr = parse_feed(
      "\n<?xml version=\"1.0\" encoding=\"euc-kr\"?><rss version=\"0.91\"><channel><title>\xB1\xDB</title>"
      "<item><link>https://n.example/1</link><description>\xC7\xD1\xB1\xDB</description></item></channel></rss>");
  REQUIRE(euckr);
  CHECK(euckr->title == "글");
  CHECK(euckr->entries.at(0).content == "한글");
}

TEST_CASE("what is no feed is an error that says so") {
  CHECK(parse_feed("<html><body>404</body></html>").error().message.find("web page") != std::string::npos);
  CHECK(!parse_feed(""));
  CHECK(!parse_feed("{\"json\": true}"));
  CHECK(!parse_feed(std::string(100, '\0')));
  CHECK(!parse_feed("<rss><channel><item>"));  // cut off before anything could be read
}

TEST_CASE("of a feed that was cut off, whole entries are kept and the failure is told") {
  const std::size_t third = rss2.find("<item><title>Nothing");
  SourceTest test("feed", {{"url", "https://jane.example/feed"}, {"full", "never"}});
  test.http.pages["https://jane.example/feed"] = feed_page(rss2.substr(0, third - 60));
  REQUIRE(test.run());
  CHECK(test.documents.size() == 1);
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].message.find("well-formed") != std::string::npos);
}

TEST_CASE("entities do not explode and limits hold") {
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"lol\">";
  for (char c = 'b'; c <= 'j'; ++c) {
    bomb += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  bomb +=
      "]><rss><channel><item><title>&j;</title><link>https://x.example/</link><description>d</description></item></"
      "channel></rss>";
  const auto feed = parse_feed(bomb);
  REQUIRE(feed);
  CHECK(feed->entries.at(0).title == "&j;");
  CHECK(!parse_feed("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>"));

  std::string deep = "<rss><channel><item><link>https://x.example/</link><description>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(!parse_feed(deep));  // neither crash nor endless recursion

  const auto limited = parse_feed(atom, {.max_entries = 1});
  REQUIRE(limited);
  CHECK(limited->entries.size() == 1);
  CHECK(limited->left_out == 2);
}

TEST_CASE("the source: entries become documents, a feed is never complete") {
  SourceTest test("feed", {{"url", "https://jane.example/feed/"}, {"full", "never"}});
  test.http.pages["https://jane.example/feed/"] =
      feed_page(rss2, {{"etag", "\"v1\""}, {"last-modified", "Wed, 05 Apr 2023 06:30:00 GMT"}});
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(!report->unchanged);
  CHECK(test.documents.size() == 2);
  REQUIRE(test.failures.size() == 1);  // the entry with nothing in it
  // What failed must come again: the next run asks without condition.
  CHECK(report->cursor.starts_with("\n\n"));
  const auto& first = test.documents.at("https://jane.example/tips/?utm_source=rss");
  CHECK(first.title == "Tips & tricks");
  CHECK(first.media_type == "text/html");
  CHECK(first.metadata.at("tags") == "tools, sql");
  CHECK(test.documents.at("https://jane.example/permalink").metadata.at("summary") == "true");

  // After a run without failures the next one asks conditionally; 304 means nothing is new and nothing is gone.
  test.http.pages["https://jane.example/feed/"].body =
      rss2.substr(0, rss2.find("<item><title>Nothing")) + "</channel></rss>";
  test.cursor = test.run()->cursor;
  HttpResponse not_modified;
  not_modified.status = 304;
  test.http.pages["https://jane.example/feed/"] = not_modified;
  const auto again = test.run();
  REQUIRE(again);
  CHECK(again->unchanged);
  CHECK(!again->complete);
  const auto& headers = test.http.requests.back().headers;
  CHECK(std::find(headers.begin(), headers.end(), std::pair<std::string, std::string>("If-None-Match", "\"v1\"")) !=
        headers.end());
}

TEST_CASE("relative links and ids; summaries can be left out; a saved file works") {
  MemoryFiles files;
  REQUIRE(files.write("/saved.xml", atom));
  SourceTest test("feed", {{"path", "/saved.xml"}});
  const auto report = test.run(files);
  REQUIRE(report);
  CHECK(test.documents.size() == 3);
  CHECK(test.documents.contains("feed:/saved.xml#tag:example.org,2024:2"));
  test.cursor = report->cursor;
  CHECK(test.run(files)->unchanged);

  SourceTest full("feed", {{"url", "https://jane.example/feed"}, {"full", "never"}, {"summaries", "false"}});
  full.http.pages["https://jane.example/feed"] = feed_page(rss2);
  REQUIRE(full.run());
  CHECK(full.documents.size() == 1);

  SourceTest both("feed", {{"url", "https://x.example/feed"}, {"path", "/saved.xml"}});
  CHECK(both.run(files).error().kind == ErrorKind::usage);
}

TEST_CASE("JSON Feed 1.1 and 1") {
  const auto feed = parse_feed(R"({"version": "https://jsonfeed.org/version/1.1", "title": "하늘의 글",
    "home_page_url": "https://sky.example/", "language": "ko", "next_url": "https://sky.example/feed.json?page=2",
    "authors": [{"name": "김하늘"}],
    "items": [{"id": "1", "url": "https://sky.example/1", "title": "첫 글", "content_html": "<p>본문</p>",
               "date_published": "2024-02-11T12:00:00+09:00", "date_modified": "2024-02-12T12:00:00+09:00", "tags": ["일상"]},
              {"id": "https://sky.example/2", "content_text": "Plain & simple", "authors": [{"name": "Guest"}],
               "language": "en"},
              {"id": "3", "url": "https://sky.example/3", "summary": "요약만"}]})");
  REQUIRE(feed);
  REQUIRE(feed->entries.size() == 3);
  CHECK(feed->next == "https://sky.example/feed.json?page=2");
  CHECK(feed->entries[0].authors == std::vector<std::string>{"김하늘"});
  CHECK(feed->entries[0].tags == std::vector<std::string>{"일상"});
  CHECK(format_time(feed->entries[0].published) == "2024-02-11T03:00:00.000Z");
  CHECK(feed->entries[1].link == "https://sky.example/2");
  CHECK(feed->entries[1].media_type == "text/plain");
  CHECK(feed->entries[1].authors == std::vector<std::string>{"Guest"});
  CHECK(feed->entries[2].summary);
  const auto old = parse_feed(
      R"({"version": "https://jsonfeed.org/version/1", "author": {"name": "A"}, "items": [{"id": 7, "external_url": "https://x.example/7", "content_html": "x"}]})");
  REQUIRE(old);
  CHECK(old->entries.at(0).id == "7");
  CHECK(old->entries[0].authors == std::vector<std::string>{"A"});
  CHECK(!parse_feed("{\"version\": \"https://jsonfeed.org/version/1\", "));
}

TEST_CASE("whole posts and beginnings") {
  const auto excerpt = [](std::string content, bool summary, std::string type = "text/html") {
    FeedEntry entry;
    entry.content = std::move(content);
    entry.summary = summary;
    entry.media_type = std::move(type);
    return is_excerpt(entry);
  };
  // Velog and Tistory put whole posts into <description>.
  CHECK(!excerpt("<h1>시작</h1><p>첫 문단</p><p>둘째 문단</p>", true));
  CHECK(!excerpt("<p>" + std::string(4000, 'x') + "</p>", true));
  CHECK(excerpt("요약 한 줄", true));
  CHECK(excerpt("<p>Short &#8230;</p>", true));
  CHECK(excerpt("<p>One.</p><p>Two [&hellip;]</p>", true));
  CHECK(!excerpt("<p>One paragraph only.</p>", false));
  CHECK(excerpt("<p>One.</p><p>Two.</p><p><a href=x>Read more »</a></p>", false));
  CHECK(excerpt("<p>하나.</p><p>둘.</p><a>더 보기</a>", false));
  CHECK(excerpt("<p>A</p><p>B</p><a>Continue reading on Medium »</a>", false));
  CHECK(excerpt("<p>Start of it…</p><p>The post <a>X</a> appeared first on <a>Y</a>.</p>", false));
  CHECK(!excerpt("<p>All of it.</p><p>More.</p><p>The post <a>X</a> appeared first on <a>Y</a>.</p>", true));
  CHECK(excerpt("", false));
  CHECK(!excerpt("one\n\ntwo\n\nthree", true, "text/plain"));
}

TEST_CASE("the pages of entries are read where the feed gives only the beginning, and not again") {
  SourceTest test("feed", {{"url", "https://jane.example/feed"}});
  test.http.pages["https://jane.example/feed"] = feed_page(rss2, {{"etag", "\"v1\""}});
  test.http.pages["https://jane.example/permalink"] =
      feed_page("<p>The page.</p>", {{"content-type", "text/html; charset=utf-8"}});
  const auto report = test.run();
  REQUIRE(report);
  const auto& whole = test.documents.at("https://jane.example/permalink");
  CHECK(whole.bytes == "<p>The page.</p>");
  CHECK(whole.title == "No link");
  CHECK(whole.authors == std::vector<std::string>{"Bob Roe"});
  CHECK(test.failures.size() == 1);

  // The entry without anything failed, so the feed is asked for without condition; the page is not read again.
  test.cursor = report->cursor;
  test.http.requests.clear();
  const auto again = test.run();
  REQUIRE(again);
  CHECK(test.http.requests.size() == 1);
  CHECK(test.documents.size() == 1);
  CHECK(again->cursor == report->cursor);

  SourceTest always("feed", {{"url", "https://jane.example/feed"}, {"full", "always"}});
  always.http.pages = test.http.pages;
  always.http.pages["https://jane.example/tips/?utm_source=rss"] =
      feed_page("<p>Tips page</p>", {{"content-type", "text/html"}});
  REQUIRE(always.run());
  CHECK(always.documents.at("https://jane.example/tips/?utm_source=rss").bytes == "<p>Tips page</p>");
}

TEST_CASE("a feed in pages is followed, once around at most") {
  const auto json = [](int id, const std::string& next) {
    const std::string n = std::to_string(id);
    return feed_page(R"({"version": "https://jsonfeed.org/version/1.1", "next_url": ")" + next +
                     R"(", "items": [{"id": ")" + n + R"(", "url": "https://p.example/)" + n +
                     R"(", "content_html": "<p>x</p>"}]})");
  };
  SourceTest test("feed", {{"url", "https://p.example/feed.json"}});
  test.http.pages["https://p.example/feed.json"] = json(1, "/feed.json?page=2");
  test.http.pages["https://p.example/feed.json?page=2"] = json(2, "https://p.example/feed.json?page=3");
  test.http.pages["https://p.example/feed.json?page=3"] = json(3, "https://p.example/feed.json");
  REQUIRE(test.run());
  CHECK(test.documents.size() == 3);
  CHECK(test.http.requests.size() == 3);
  SourceTest limited("feed", {{"url", "https://p.example/feed.json"}, {"max_feed_pages", "2"}});
  limited.http.pages = test.http.pages;
  REQUIRE(limited.run());
  CHECK(limited.documents.size() == 2);
  REQUIRE(limited.failures.size() == 1);
  CHECK(limited.failures[0].kind == ErrorKind::limit);
}

TEST_CASE("what is given in the place of a feed is named") {
  const auto page =
      parse_feed("\n<!DOCTYPE HTML><html><head><title>Soft 404</title></head><body><p>Gone.</body></html>");
  REQUIRE(!page);
  CHECK(page.error().kind == ErrorKind::invalid);
  CHECK(page.error().message.find("web page") != std::string::npos);
  CHECK(page.error().hint.find("address of the feed") != std::string::npos);
  // Well-formed XHTML is one, too.
  const auto xhtml = parse_feed("<html><body/></html>");
  REQUIRE(!xhtml);
  CHECK(xhtml.error().message.find("web page") != std::string::npos);
  const auto nothing = parse_feed(" \n ");
  REQUIRE(!nothing);
  CHECK(nothing.error().message.find("empty") != std::string::npos);
}
