// The Korean pages of tests/data/extraction-ko: what must and must not be in their text.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/json.h"
#include "feature/clean/characters.h"
#include "feature/clean/dom.h"
#include "feature/clean/extract.h"
#include "feature/clean/markdown_escape.h"

using namespace twin;
using namespace twin::feature;

namespace {

std::filesystem::path korean_pages() {
  return std::filesystem::path(TWIN_SOURCE_DIR) / "tests/data/extraction-ko";
}

RawDocument read_page(const std::string& name, const std::string& url) {
  const auto bytes = disk().read(korean_pages() / "pages" / name);
  REQUIRE_MESSAGE(bytes, name);
  RawDocument raw;
  raw.url = url;
  raw.media_type = "text/html";
  raw.bytes = *bytes;
  return raw;
}

Json truth() {
  const auto text = disk().read(korean_pages() / "truth.json");
  REQUIRE(text);
  return Json::parse(*text);
}

/// Words of the text nodes below <body> that a browser would show.
std::vector<std::string> visible_words(const std::string& utf8) {
  const auto document = html::Document::parse(utf8);
  REQUIRE(document);
  std::vector<std::string> words;
  html::walk(document->body(), [&](html::Node* node) {
    if (html::is_text(node)) {
      std::string word;
      for (const char c : collapse_spaces(html::data(node)) + " ") {
        if (!is_space(c)) {
          word += c;
        } else if (!word.empty()) {
          words.push_back(std::exchange(word, {}));
        }
      }
    }
    return !html::one_of(html::name(node), "script style template");
  });
  return words;
}

}  // namespace

TEST_CASE("Korean pages of many services: F1 of their segments is at least 0.95") {
  int found = 0, missing = 0, wrong = 0;
  std::size_t pages = 0;
  const Json all = truth();
  for (const auto& [key, page] : all.items()) {
    const std::string name = key;
    CAPTURE(name);
    const auto out = extract(read_page(name, page["url"]), {});
    REQUIRE_MESSAGE(out, name);
    ++pages;
    for (const auto& segment : page["with"]) {
      const bool there = out->text.find(segment.get<std::string>()) != std::string::npos;
      ++(there ? found : missing);
      WARN_MESSAGE(there, name, ": missing: ", segment.get<std::string>());
    }
    for (const auto& segment : page["without"]) {
      const bool there = out->text.find(segment.get<std::string>()) != std::string::npos;
      wrong += there ? 1 : 0;
      WARN_MESSAGE(!there, name, ": wrong: ", segment.get<std::string>());
    }
    CHECK_MESSAGE(out->language == "ko", name);
    CHECK_MESSAGE(!out->title.empty(), name);
  }
  CHECK(pages >= 30);
  CHECK(2.0 * found / (2.0 * found + missing + wrong) >= 0.95);
}

TEST_CASE("what these pages say about themselves is read") {
  const Json all = truth();
  const auto page = [&](const std::string& name) {
    const auto out = extract(read_page(name, all[name]["url"]), {});
    REQUIRE(out);
    return *out;
  };
  const auto velog = page("velog-styled.html");
  CHECK(velog.title == "오래된 자전거를 고치며 배운 것");
  CHECK(velog.author == "정하율");
  CHECK(velog.published == "2023-04-12");
  CHECK(velog.source == "article");
  const auto tistory = page("tistory-odyssey.html");
  CHECK(tistory.published == "2022-11-28");
  CHECK(tistory.url == "https://cook.tistory.com/12");
  const auto naver = page("naver-se3.html");
  CHECK(naver.title == "고양이와 이사하기");
  CHECK(naver.author == "표은재");
  CHECK(naver.published == "2023-05-19");
  const auto portal = page("news-portal-article.html");
  CHECK(portal.published == "2024-02-19");
  CHECK(portal.modified == "2024-02-19");
  CHECK(portal.author == "남기훈");
  const auto old = page("euckr-table.html");
  CHECK(old.title == "엑셀 대신 데이터베이스를 쓰게 된 날");
  CHECK(old.published == "2023-06-15");
  CHECK(page("brunch.html").author == "은하린");
  CHECK(page("wordpress.html").published == "2024-08-08");
}

TEST_CASE("every visible word of a page is in the result or in the list of what was removed") {
  const Json all = truth();
  for (const auto& [key, entry] : all.items()) {
    const std::string name = key;
    CAPTURE(name);
    RawDocument raw = read_page(name, entry["url"]);
    const auto decoded = clean(raw, {}, {.record_removals = true});
    REQUIRE(decoded);
    std::string known = prose_view(decoded->markdown).text + "\n" + decoded->markdown;
    for (const auto& removal : decoded->removed) {
      CHECK(!removal.reason.empty());
      known += "\n" + removal.text;
    }
    if (name.starts_with("euckr") || name.starts_with("cp949")) continue;  // the words below are read as UTF-8
    for (const auto& word : visible_words(raw.bytes)) {
      CHECK_MESSAGE(known.find(word) != std::string::npos, name, ": ", word);
    }
  }
}

TEST_CASE("nothing is recorded unless it is asked for, and asking does not change the result") {
  const Json all = truth();
  const RawDocument raw = read_page("wordpress.html", all["wordpress.html"]["url"]);
  const auto plain = clean(raw, {});
  const auto recorded = clean(raw, {}, {.record_removals = true});
  REQUIRE(plain);
  REQUIRE(recorded);
  CHECK(plain->removed.empty());
  CHECK(plain->markdown == recorded->markdown);
  std::set<std::string> reasons;
  for (const auto& removal : recorded->removed) reasons.insert(removal.reason);
  for (const char* reason : {"comments", "share", "aside"}) CHECK_MESSAGE(reasons.contains(reason), reason);
}

TEST_CASE("removals of Markdown and plain text: front matter and characters that nobody sees") {
  RawDocument raw;
  raw.url = "file:///a.md";
  raw.media_type = "text/markdown";
  raw.bytes =
      "---\ntitle: T\ndraft: secret-word\n---\nbo\x01"
      "dy te\xC2\xADxt\n";
  const auto out = clean(raw, {}, {.record_removals = true});
  REQUIRE(out);
  CHECK(out->markdown == "body text");
  REQUIRE(out->removed.size() == 3);
  CHECK(out->removed[0].reason == "control character");
  CHECK(out->removed[1].reason == "soft hyphen");
  CHECK(out->removed[2].reason == "front matter");
  CHECK(out->removed[2].text.find("secret-word") != std::string::npos);
}
