#include <doctest/doctest.h>

#include "feature/sources/source_for_test.h"
#include "feature/sources/web/page.h"

using namespace twin;
using namespace twin::feature;

namespace {

HttpResponse page(std::string body, std::string type = "text/html; charset=utf-8") {
  HttpResponse response;
  response.status = 200;
  response.body = std::move(body);
  response.headers = {{"content-type", std::move(type)}};
  return response;
}

}  // namespace

TEST_CASE("article: pages of a list, each once; one that is gone costs itself") {
  SourceTest test("article", {{"url", "https://a.example/1"},
                              {"urls", "[https://a.example/2, 'https://a.example/1#part', https://a.example/gone]"}});
  CHECK(test.errors.empty());
  test.http.pages["https://a.example/1"] = page("<p>하나</p>", "text/html;charset=EUC-KR");
  test.http.pages["https://a.example/2"] = page("# Two", "text/markdown");
  test.http.pages["https://a.example/gone"].status = 410;
  const auto report = test.run();
  REQUIRE(report);
  CHECK(report->complete);
  REQUIRE(test.documents.size() == 2);
  CHECK(test.documents.at("https://a.example/1").metadata.at("charset") == "euc-kr");
  CHECK(test.documents.at("https://a.example/2").media_type == "text/markdown");
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].where == "https://a.example/gone");
  CHECK(test.failures[0].kind == ErrorKind::not_found);
  CHECK(test.http.requests.size() == 3);
}

TEST_CASE("article: the type by server, address or bytes; the address it was asked for stays") {
  SourceTest test("article", {{"urls",
                               "[https://a.example/doc.pdf, https://a.example/readme.md, https://a.example/x, "
                               "https://a.example/short]"}});
  test.http.pages["https://a.example/doc.pdf"] = page("%PDF-1.7", "application/pdf");
  test.http.pages["https://a.example/readme.md"] = page("# 제목", "application/octet-stream");
  test.http.pages["https://a.example/x"] = page("\n <!doctype html><p>x</p>", "");
  auto moved = page("<p>moved</p>");
  moved.url = "https://b.example/long";
  test.http.pages["https://a.example/short"] = moved;
  REQUIRE(test.run());
  CHECK(test.documents.at("https://a.example/doc.pdf").media_type == "application/pdf");
  CHECK(test.documents.at("https://a.example/readme.md").media_type == "text/markdown");
  CHECK(test.documents.at("https://a.example/x").media_type == "text/html");
  CHECK(test.documents.at("https://a.example/short").metadata.at("final_url") == "https://b.example/long");
}

TEST_CASE("article: what is no address is told, and then nothing is taken for gone") {
  SourceTest test("article", {{"urls", "[example.org/no-scheme, https://a.example/1]"}});
  test.http.pages["https://a.example/1"] = page("<p>1</p>");
  const auto report = test.run();
  REQUIRE(report);
  CHECK(!report->complete);
  CHECK(test.documents.size() == 1);
  CHECK(test.failures.size() == 1);
  CHECK(SourceTest("article", {}).run().error().kind == ErrorKind::usage);
}

TEST_CASE("article: a page that is empty without JavaScript is noted, or needs a browser") {
  const std::string shell =
      "<html><head><script src=/app.js></script></head><body><noscript>You need to enable JavaScript to run this "
      "app.</noscript><div id=\"root\"></div></body></html>";
  SourceTest never("article", {{"url", "https://spa.example/"}, {"javascript", "never"}});
  never.http.pages["https://spa.example/"] = page(shell);
  const auto report = never.run();
  REQUIRE(report);
  REQUIRE(report->notes.size() == 1);
  CHECK(report->notes[0].where == "https://spa.example/");

  SourceTest automatic(
      "article", {{"url", "https://spa.example/"}, {"javascript", "auto"}, {"browser.driver", "no-such-chromedriver"}});
  CHECK(automatic.errors.empty());
  automatic.http.pages["https://spa.example/"] = page(shell);
  REQUIRE(automatic.run());
  REQUIRE(automatic.failures.size() == 1);
  CHECK(automatic.failures[0].kind == ErrorKind::not_found);
  CHECK(automatic.failures[0].hint.find("chromium-driver") != std::string::npos);
  CHECK(automatic.documents.empty());
}

TEST_CASE("article: refused by the client, no browser is started") {
  SourceTest test("article",
                  {{"url", "https://inside.example/"}, {"javascript", "always"}, {"browser.driver", "no-such"}});
  const auto report = test.run();  // the fake client answers nothing: as the address guard does
  REQUIRE(report);
  REQUIRE(test.failures.size() == 1);
  CHECK(test.failures[0].message.find("chromedriver") == std::string::npos);
}

TEST_CASE("pages that look empty without JavaScript") {
  const std::string text(400, 'x');
  CHECK(needs_javascript("<body><div id=app></div><script>1</script></body>", 250));
  CHECK(needs_javascript("<body><div id=__next><p>Loading</p></div><script>1</script></body>", 250));
  CHECK(needs_javascript("<body><noscript>이 페이지는 자바스크립트가 필요합니다</noscript><script></script></body>",
                         250));
  CHECK(!needs_javascript("<body><div id=app><p>" + text + "</p></div><script>1</script></body>", 250));
  CHECK(!needs_javascript("<body><p>A short page.</p></body>", 250));
  CHECK(!needs_javascript("<body><p>Short, with a counter.</p><script>count()</script></body>", 250));
  CHECK(!needs_javascript("<body><div id=root></div></body>", 250));  // nothing to run
  CHECK(needs_javascript("<body><div id=root></div><script>var t = '" + text + "'</script></body>", 250));
}
