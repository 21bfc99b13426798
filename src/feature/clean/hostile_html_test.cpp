// Pages made to hurt: they end, in time that grows with their size, and keep what can be kept.
#include <doctest/doctest.h>

#include "feature/clean/clean.h"

using namespace twin;
using namespace twin::feature;

namespace {

Result<Cleaned> hostile_page(std::string html) {
  RawDocument raw;
  raw.url = "https://example.org/";
  raw.media_type = "text/html";
  raw.bytes = std::move(html);
  return clean(raw, {}, {.record_removals = true});
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + piece.size());
  while (out.size() < bytes) out += piece;
  return out;
}

constexpr std::size_t big = 5u << 20;

}  // namespace

TEST_CASE("five megabytes of tags that nobody closes") {
  for (const char* piece : {"<div>", "<div class=comment><p>x", "<ul><li><a href=#x>y", "<table><tr><td>",
                            "<blockquote>z", "<a href=q id=n>link ", "<h2>Related articles</h2><p>"}) {
    CAPTURE(piece);
    const auto out = hostile_page(repeated(piece, big));
    CHECK((out || out.error().kind == ErrorKind::limit));
  }
}

TEST_CASE("one huge attribute") {
  for (const char* key : {"class", "id", "href", "style", "data-x", "role"}) {
    CAPTURE(key);
    const auto out = hostile_page("<p>before</p><div " + std::string(key) + "=\"" + repeated("ad-share Comment_", big) +
                                  "\"><p>A paragraph of the author that stays.</p></div>");
    REQUIRE(out);
    CHECK(out->markdown.find("before") != std::string::npos);
  }
}

TEST_CASE("two hundred thousand siblings") {
  for (const char* sibling : {"<p>word</p>", "<div class='card'><a href='/x'><h3>t</h3></a></div>", "<li>x", "<br>",
                              "<span class=MathJax>x</span>", "<a id=a href='#a'><sup>1</sup></a>",
                              "<div class='related'>y</div>", "<dt>a<dd>b"}) {
    CAPTURE(sibling);
    std::string html;
    for (int i = 0; i < 200'000; ++i) html += sibling;
    CHECK(hostile_page(std::move(html)));
  }
}

TEST_CASE("many footnotes, many labels, many dates") {
  std::string html;
  for (int i = 0; i < 20'000; ++i) {
    const std::string n = std::to_string(i);
    html += "<p>text <sup><a href='#fn" + n + "' id='r" + n + "'>1</a></sup> 2024. 3. 5.</p>";
  }
  html += "<div class='footnotes'><hr><ol>";
  for (int i = 0; i < 20'000; ++i) {
    const std::string n = std::to_string(i);
    html += "<li id='fn" + n + "'>note <a href='#r" + n + "'>back</a></li>";
  }
  const auto out = hostile_page(html + "</ol></div>");
  REQUIRE(out);
  CHECK(out->markdown.find("[^20000]: note") != std::string::npos);
}

TEST_CASE("nothing at all") {
  for (const char* html : {"", " ", "<", "<html>", "<frameset><frame>", "<svg><title>x", "<math><mi>", "<template><p>x",
                           "<head><noscript>", "<!--", "<plaintext>", "<select><p>"}) {
    CAPTURE(html);
    CHECK(hostile_page(html));
  }
}
