#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>

#include "feature/sources/site/sitemap.h"
#include "feature/sources/source_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

HttpResponse site_page(std::string body, std::string type = "text/html") {
  HttpResponse response;
  response.status = 200;
  response.body = std::move(body);
  response.headers = {{"content-type", std::move(type)}};
  return response;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string urlset(const std::vector<std::pair<std::string, std::string>>& pages) {
  std::string out =
      "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" "
      "xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\">";
  for (const auto& [url, time] : pages) {
    out += "<url><loc>\n " + url + " </loc><image:image><image:loc>https://s.example/x.jpg</image:loc></image:image>";
    if (!time.empty()) out += "<lastmod>" + time + "</lastmod>";
    out += "</url>";
  }
  return out + "</urlset>";
}

std::string index(const std::vector<std::string>& urls) {
  std::string out = "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">";
  for (const auto& url : urls) out += "<sitemap><loc>" + url + "</loc></sitemap>";
  return out + "</sitemapindex>";
}

/// Robots, an index that names itself, a packed sitemap, pages in Korean and English.
void make_site(SourceTest& test) {
  test.http.pages["https://s.example/robots.txt"] = site_page(
      "User-agent: *\nDisallow: /admin\n\nsitemap : https://s.example/maps/index.xml # all\nSitemap:\n", "text/plain");
  test.http.pages["https://s.example/maps/index.xml"] =
      site_page(index({"https://s.example/maps/index.xml", "a.xml.gz", "https://s.example/maps/b.txt"}), "text/xml");
  test.http.pages["https://s.example/maps/a.xml.gz"] =
      site_page(gzip(urlset({{"https://s.example/blog/one", "2024-03-01"},
                             {"https://s.example/blog/%EB%91%98", "2024-03-02T10:00:00+09:00"},
                             {"https://s.example/tag/x", "2024-03-02"},
                             {"https://elsewhere.example/blog/", ""}})),
                "application/gzip");
  test.http.pages["https://s.example/maps/b.txt"] = site_page(
      "https://www.s.example/blog/three\r\nhttps://s.example/blog/one\nhttps://s.example/logo.png\n", "text/plain");
  test.http.pages["https://s.example/blog/one"] = site_page("<p>one</p>");
  test.http.pages["https://s.example/blog/%EB%91%98"] = site_page("<p>둘</p>");
  test.http.pages["https://www.s.example/blog/three"] = site_page("<p>three</p>");
  test.http.pages["https://s.example/logo.png"] = site_page("PNG", "image/png");
}

}  // namespace

TEST_CASE("site: from robots.txt through a circular index to the pages") {
  SourceTest test("site", {{"url", "https://s.example"}, {"exclude", "[tag/**]"}});
  CHECK(test.errors.empty());
  make_site(test);
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.failures.empty());
  CHECK(report->complete);
  CHECK(test.order == std::vector<std::string>{"https://s.example/blog/one", "https://s.example/blog/%EB%91%98",
                                               "https://www.s.example/blog/three"});
  CHECK(report->notes.size() == 2);  // the picture, the page of another host

  // A second run: pages with the same lastmod are not asked for; the others are.
  test.cursor = report->cursor;
  test.http.requests.clear();
  const auto again = test.run();
  REQUIRE(again);
  CHECK(test.documents.size() == 1);
  CHECK(test.documents.contains("https://www.s.example/blog/three"));
  CHECK(again->complete);
  CHECK(again->cursor == report->cursor);
}

TEST_CASE("site: include, limits and a path; what a limit leaves out is told and not gone") {
  SourceTest some("site", {{"url", "https://s.example/maps/index.xml"}, {"include", "[blog/*]"}, {"max_pages", "1"}});
  make_site(some);
  const auto report = some.run();
  REQUIRE(report);
  CHECK(some.documents.size() == 1);
  CHECK(!report->complete);
  REQUIRE(some.failures.size() == 1);
  CHECK(some.failures[0].kind == ErrorKind::limit);

  SourceTest below("site", {{"url", "https://s.example/blog/"}});
  make_site(below);
  REQUIRE(below.run());
  CHECK(below.documents.size() == 3);
  SourceTest none("site", {{"url", "https://s.example/blo"}});
  make_site(none);
  REQUIRE(none.run());
  CHECK(none.documents.empty());
}

TEST_CASE("site: indexes in indexes without end, and more sitemaps than the limit") {
  SourceTest deep("site", {{"url", "https://d.example/sitemap.xml"}, {"max_depth", "2"}});
  std::string name = "https://d.example/sitemap.xml";
  for (int i = 0; i < 6; ++i) {
    const std::string next = "https://d.example/" + std::to_string(i) + ".xml";
    deep.http.pages[name] = site_page(index({next}));
    name = next;
  }
  const auto report = deep.run();
  REQUIRE(report);
  CHECK(!report->complete);
  REQUIRE(deep.failures.size() == 1);
  CHECK(deep.failures[0].kind == ErrorKind::limit);

  SourceTest many("site", {{"url", "https://d.example/sitemap.xml"}, {"max_sitemaps", "3"}, {"max_depth", "20"}});
  many.http.pages = deep.http.pages;
  const auto cut = many.run();
  REQUIRE(cut);
  CHECK(!cut->complete);
  CHECK(many.http.requests.size() == 3);
}

TEST_CASE("site: without robots.txt the usual places are tried; a site without any says so") {
  SourceTest usual("site", {{"url", "https://u.example"}});
  usual.http.pages["https://u.example/robots.txt"].status = 404;
  usual.http.pages["https://u.example/sitemap.xml"].status = 404;
  usual.http.pages["https://u.example/sitemap_index.xml"] = site_page(urlset({{"https://u.example/a", ""}}));
  usual.http.pages["https://u.example/a"] = site_page("<p>a</p>");
  REQUIRE(usual.run());
  CHECK(usual.documents.size() == 1);

  SourceTest none("site", {{"url", "https://n.example"}});
  none.http.pages["https://n.example/robots.txt"] = site_page("User-agent: *\n", "text/plain");
  for (const char* path : {"/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap-index.xml"}) {
    none.http.pages[std::string("https://n.example") + path] = site_page("<html>Home</html>");
  }
  const auto report = none.run();
  REQUIRE(!report);
  CHECK(report.error().kind == ErrorKind::not_found);
  CHECK(!report.error().hint.empty());
}

TEST_CASE("site: bombs, broken and foreign files end in an error") {
  std::string spaces;
  spaces.resize(20'000'000, ' ');
  CHECK(site::parse_sitemap(gzip(spaces)).error().kind == ErrorKind::limit);
  CHECK(site::parse_sitemap(gzip(urlset({})), {.max_bytes = 10}).error().kind == ErrorKind::limit);
  const std::string packed = gzip(urlset({{"https://x.example/", ""}}));
  CHECK(site::parse_sitemap(packed.substr(0, packed.size() / 2)).error().kind == ErrorKind::invalid);
  CHECK(!site::parse_sitemap("\x1f\x8b"));
  CHECK(!site::parse_sitemap("<html><body>404</body></html>"));
  CHECK(!site::parse_sitemap("not a list"));

  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE u [<!ENTITY a \"lol\">";
  for (char c = 'b'; c <= 'j'; ++c) {
    bomb += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  const auto entities = site::parse_sitemap(bomb + "]><urlset><url><loc>https://x.example/&j;</loc></url></urlset>");
  REQUIRE(entities);
  CHECK(entities->pages.at(0).url == "https://x.example/&j;");

  const std::string whole = urlset({{"https://x.example/1", ""}, {"https://x.example/2", ""}});
  const auto cut = site::parse_sitemap(whole.substr(0, whole.find("x.example/2") + 5));
  REQUIRE(cut);
  CHECK(!cut->problem.empty());
  CHECK(cut->pages.at(0).url == "https://x.example/1");

  const auto limited = site::parse_sitemap(whole, {.max_entries = 1});
  REQUIRE(limited);
  CHECK(limited->pages.size() == 1);
  CHECK(limited->left_out == 1);

  const auto feed = site::parse_sitemap("<rss><channel><item><link>https://x.example/f</link></item></channel></rss>");
  REQUIRE(feed);
  CHECK(feed->pages.at(0).url == "https://x.example/f");
}

TEST_CASE("site: a broken sitemap costs its part, and then nothing is taken for gone") {
  SourceTest test("site", {{"url", "https://s.example/maps/index.xml"}, {"exclude", "[tag/*]"}});
  make_site(test);
  test.http.pages["https://s.example/maps/b.txt"].status = 500;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(test.documents.size() == 2);
  CHECK(!report->complete);
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].where == "https://s.example/maps/b.txt");
}
