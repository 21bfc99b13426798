#include "feature/clean/selectors.h"

#include <doctest/doctest.h>

#include <vector>

using namespace twin;
using namespace twin::feature;

TEST_CASE("selectors: chains of children match what the library matches") {
  const std::string page =
      "<html><body class='home'><div class='book wide'><div class='chapter' id='one'><p class='x'>a</p></div></div>"
      "<div class='chapter'><section><div class=\"note\tbook\">b</div></section></div>"
      "<article><div id='two' class='Book'>c</div></article></body></html>";
  const auto document = html::Document::parse("<!doctype html>" + page);
  REQUIRE(document);
  const html::PageMap map(document->html());
  for (const std::string selector :
       {"body > div.book", "div.book", "body>div.chapter", "div > div", "#one", "div#two", "article > #two", "html",
        "html > body > div > div.chapter", "body > p", ".book > .chapter > p.x", "div.book div.chapter",
        "div.chapter p", "div:first-child", "div[id]", ".book, .chapter", "section > div.note", "html > html"}) {
    CAPTURE(selector);
    const auto nodes = document->select(document->root(), selector);
    REQUIRE(nodes);
    std::vector<std::size_t> expected;
    for (const html::Node* node : *nodes) expected.push_back(map.index_of(node));
    const auto found = html::match_selector(*document, map, selector);
    REQUIRE(found);
    CHECK(*found == expected);
  }
  CHECK_FALSE(html::match_selector(*document, map, "div >"));
  CHECK_FALSE(html::match_selector(*document, map, "> > p["));
}

TEST_CASE("selectors: a parser that was used for one page reads the next one as a new one would") {
  const std::string good = "<!doctype html><title>t</title><p>one <b>two</b></p><table><tr><td>x</table>";
  const std::string first = html::outer_html(html::Document::parse(good)->html());
  for (const std::string between : {"<p>open <b><i>and never closed", "<textarea><!-- ", "<svg><math><template><table>",
                                    "", "<script>if (a < b) { </scr", "<frameset>"}) {
    CAPTURE(between);
    REQUIRE(html::Document::parse(between));
    const auto again = html::Document::parse(good);
    REQUIRE(again);
    CHECK(html::outer_html(again->html()) == first);
  }
  std::string many;
  for (int i = 0; i < 50; ++i) many += "<p>x";
  CHECK_FALSE(html::Document::parse(many, {100, 10}));
  const auto older = html::Document::parse(good);
  const auto newer = html::Document::parse("<p>other");
  REQUIRE(older);
  REQUIRE(newer);
  CHECK(html::outer_html(older->html()) == first);
}
