#include <doctest/doctest.h>

#include "feature/clean/clean.h"
#include "feature/clean/page_title.h"

using namespace twin;
using namespace twin::feature;

namespace {

Cleaned metadata_page(const std::string& html, const std::string& url = "https://example.org/blog/post") {
  RawDocument raw;
  raw.url = url;
  raw.media_type = "text/html";
  raw.bytes = html;
  const auto out = clean(raw, {});
  REQUIRE(out);
  return *out;
}

std::string value(const Cleaned& out, const char* key) {
  const auto it = out.metadata.find(key);
  return it == out.metadata.end() ? std::string() : it->second;
}

const std::string words =
    "<article><p>Some words of the author that make up a proper paragraph, with commas, and more "
    "of the same so that it is long enough.</p></article>";

}  // namespace

TEST_CASE("JSON-LD comes first") {
  const auto out = metadata_page(
      "<script type='application/ld+json'>{\"@context\":\"https://schema.org\",\"@graph\":[{\"@type\":\"WebSite\","
      "\"name\":\"The "
      "Site\"},{\"@type\":\"BlogPosting\",\"headline\":\"H\",\"datePublished\":\"2024-03-05T08:00:00+09:00\","
      "\"dateModified\":\"2024-04-01\",\"author\":[{\"@type\":\"Person\",\"name\":\"Mina Park\"},\"Jun Lee\"],"
      "\"keywords\":[\"bread\",\"yeast\"],\"license\":\"https://creativecommons.org/licenses/by/4.0/\"}]}</script>"
      "<meta name='date' content='2020-01-01'>" +
      words);
  CHECK(out.authors == std::vector<std::string>{"Mina Park", "Jun Lee"});
  CHECK(value(out, "published_day") == "2024-03-05");
  CHECK(format_time(out.published) == "2024-03-04T23:00:00.000Z");
  CHECK(value(out, "modified_day") == "2024-04-01");
  CHECK(value(out, "tags") == "bread, yeast");
  CHECK(value(out, "site_name") == "The Site");
  CHECK(value(out, "license") == "https://creativecommons.org/licenses/by/4.0/");
}

TEST_CASE("line ends inside JSON strings do not hide the rest") {
  const auto out = metadata_page(
      "<script type='application/ld+json'>{\"@type\":\"Article\",\"description\":\"a\nb\","
      "\"datePublished\":\"2024-03-05\"}</script>" +
      words);
  CHECK(value(out, "published_day") == "2024-03-05");
}

TEST_CASE("meta elements, links and microdata") {
  const auto out = metadata_page(
      "<html lang='en-GB'><head><meta property='og:title' content='A day — The Site'>"
      "<meta property='og:site_name' content='The Site'><meta property='article:published_time' "
      "content='2024-03-05T10:00:00Z'>"
      "<meta property='article:modified_time' content='2024-03-06T10:00:00Z'><meta name='author' content='By Mina "
      "Park'>"
      "<meta property='article:tag' content='one'><meta property='article:tag' content='two'>"
      "<link rel='canonical' href='/a/day'><link rel='license' href='https://example.org/licence'>"
      "<meta name='description' content='What it is about'></head>" +
      words);
  CHECK(out.title == "A day");
  CHECK(out.authors == std::vector<std::string>{"Mina Park"});
  CHECK(out.language == "en");
  CHECK(value(out, "published_day") == "2024-03-05");
  CHECK(value(out, "modified_day") == "2024-03-06");
  CHECK(value(out, "tags") == "one, two");
  CHECK(value(out, "canonical") == "https://example.org/a/day");
  CHECK(value(out, "license") == "https://example.org/licence");
  CHECK(value(out, "description") == "What it is about");
}

TEST_CASE("bylines and dates that only readers see") {
  const auto korean = metadata_page(
      "<div class='info'><span class='byline'>홍길동 기자 hong@example.kr</span>"
      "<span class='date'>입력 2024.03.05 10:00 수정 2024.03.06 09:10</span></div>" +
      words);
  CHECK(korean.authors == std::vector<std::string>{"홍길동"});
  CHECK(value(korean, "published_day") == "2024-03-05");
  CHECK(value(korean, "modified_day") == "2024-03-06");
  const auto english = metadata_page("<p class='byline'>By <a href='/m'>Mina Park</a></p><p>March 5, 2024</p>" + words);
  CHECK(english.authors == std::vector<std::string>{"Mina Park"});
  CHECK(value(english, "published_day") == "2024-03-05");
  CHECK(value(metadata_page(words, "https://example.org/2024/03/05/post"), "published_day") == "2024-03-05");
  CHECK(value(metadata_page(words), "published_day").empty());
}

TEST_CASE("a date inside a comment is not the date of the page") {
  const auto out = metadata_page(words + "<div class='comments'><span class='date'>2019-01-01</span></div>");
  CHECK(value(out, "published_day").empty());
}

TEST_CASE("titles lose the name of the site") {
  using html::page_title;
  CHECK(page_title({.open_graph = "글 제목 : 네이버 블로그", .site_name = "네이버 블로그"}) == "글 제목");
  CHECK(page_title({.element = "A long enough title | My Blog"}) == "A long enough title");
  CHECK(page_title({.element = "My Blog :: Post", .headings = {"Post"}}) == "Post");
  CHECK(page_title({.element = "Self-made bread"}) == "Self-made bread");
  CHECK(page_title({.headings = {"Only a heading"}}) == "Only a heading");
  CHECK(page_title({.open_graph = "C++ - a history of the language"}) == "C++ - a history of the language");
}
