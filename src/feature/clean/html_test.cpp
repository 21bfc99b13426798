#include <doctest/doctest.h>

#include <random>

#include "core/text/unicode.h"
#include "feature/category.h"
#include "feature/clean/clean.h"
#include "feature/clean/golden_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

RawDocument page(std::string html, std::string url = "https://example.org/blog/post") {
  RawDocument raw;
  raw.url = std::move(url);
  raw.media_type = "text/html";
  raw.bytes = std::move(html);
  return raw;
}

std::string markdown(const std::string& html, const CleanRules& rules = {}) {
  const auto out = clean(page(html), rules);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  return out->markdown;
}

CleanRules article_rules() {
  const auto categories = load_categories({std::filesystem::path(TWIN_SOURCE_DIR) / "categories"});
  REQUIRE_MESSAGE(categories, (categories ? std::string() : categories.error().text()));
  return categories->at("articles").clean;
}

/// Everything clean() says about a page, as text.
std::string report(const Cleaned& out) {
  std::string text =
      "title: " + out.title + "\nlanguage: " + out.language + "\npublished: " + format_time(out.published) + "\n";
  for (const auto& author : out.authors) text += "author: " + author + "\n";
  for (const auto& [key, value] : out.metadata) text += key + ": " + value + "\n";
  for (const auto& note : out.notes) text += "note: " + note.message + "\n";
  text += "-- markdown\n" + out.markdown + "\n-- prose\n";
  return text + prose_view(out.markdown).text + "\n";
}

}  // namespace

TEST_CASE("pages in the shape of real services become clean Markdown") {
  for (const std::string name : {"blog_article", "velog", "tistory_euckr", "docbook", "broken"}) {
    CAPTURE(name);
    const auto bytes = disk().read(testdata() / (name + ".html"));
    REQUIRE(bytes);
    const auto out = clean(page(*bytes), article_rules());
    REQUIRE(out);
    check_golden(testdata() / (name + ".golden"), report(*out));
  }
}

TEST_CASE("cleaning is deterministic and its output is a fixed point of the Markdown cleaner") {
  for (const std::string name : {"blog_article", "velog", "tistory_euckr", "docbook", "broken"}) {
    CAPTURE(name);
    const auto bytes = disk().read(testdata() / (name + ".html"));
    REQUIRE(bytes);
    const auto first = clean(page(*bytes), article_rules());
    REQUIRE(first);
    CHECK(clean(page(*bytes), article_rules())->markdown == first->markdown);
    RawDocument again = page(first->markdown);
    again.media_type = "text/markdown";
    CHECK(clean(again, {})->markdown == first->markdown);
  }
}

TEST_CASE("emphasis parses back, or is left out where Markdown could not express it") {
  CHECK(markdown("<p>a<b> bold </b>word</p>") == "a **bold** word");
  CHECK(markdown("<p><b>굵게</b>는 된다</p>") == "**굵게**는 된다");
  // A closing marker between punctuation and a letter is no closing marker in CommonMark.
  CHECK(markdown("<p><b>“인용”</b>은 안 된다</p>") == "“인용”은 안 된다");
  CHECK(markdown("<p><b>a</b><b>b</b></p>") == "**ab**");
  CHECK(markdown("<p><b><b>twice</b></b> <i></i>none</p>") == "**twice** none");
  CHECK(markdown("<b><p>one</p><p>two</p></b>") == "**one**\n\n**two**");
}

TEST_CASE("text that looks like markup reads the same in the prose view") {
  for (const std::string text : {"# no heading",
                                 "1. no list",
                                 "- no list",
                                 "> no quote",
                                 "*no* _emphasis_ `no code`",
                                 "snake_case __init__",
                                 "<b>shown</b> &amp; &lt;",
                                 "[link](url) ![image](url) [ref]: x",
                                 "~~gone~~ ~one~",
                                 "a\\b \\* c\\",
                                 "| a | b |",
                                 "===",
                                 "---",
                                 "```",
                                 "~~~",
                                 "2 * 3 * 4",
                                 "[^1] [x] [ ] task",
                                 "+ plus",
                                 "C# and #tag",
                                 "http://a_b_c/",
                                 "![",
                                 "3) item",
                                 "* * *",
                                 "<!-- comment -->",
                                 "<https://not.a.link",
                                 "이름_바꾸기 *강조*"}) {
    CAPTURE(text);
    std::string html;
    for (const char c : text) html += c == '<' ? "&lt;" : (c == '&' ? "&amp;" : std::string(1, c));
    CHECK(prose_view(markdown("<p>" + html + "</p>")).text == text);
    CHECK(prose_view(markdown("<p>before</p><p>" + html + "<br>" + html + "</p>")).text ==
          "before\n\n" + text + "\n" + text);
    CHECK(prose_view(markdown("<h2>" + html + "</h2>")).text == text);
    CHECK(prose_view(markdown("<ul><li>" + html + "</li></ul>")).text == "- " + text);
    CHECK(prose_view(markdown("<table><tr><th>a</th><th>b</th></tr><tr><td>" + html + "</td><td>y</td></tr></table>"))
              .text == "a | b\n" + text + " | y");
  }
}

TEST_CASE("code keeps every byte") {
  const std::string code = "if (a < b) {\n\n  s = \"```\";\t// *x*\n}";
  const std::string html = "<pre class=\"brush: js\">if (a &lt; b) {\n\n  s = \"```\";\t// *x*\n}\n</pre>";
  CHECK(markdown(html) == "````js\n" + code + "\n````");
  const auto prose = prose_view(markdown(html));
  REQUIRE(prose.blocks.size() == 1);
  CHECK(prose.blocks[0].kind == Block::Kind::code);
  CHECK(prose.text == code);
  CHECK(markdown("<p>x<code> a``b </code>y</p>") == "x ```a``b``` y");
}

TEST_CASE("links: relative ones become absolute on the web and stay in a folder") {
  CHECK(markdown("<p><a href='../x y.html'>t</a></p>") == "[t](https://example.org/x%20y.html)");
  CHECK(markdown("<base href='/docs/'><p>see <a href='a'>t</a></p>") == "see [t](https://example.org/docs/a)");
  const auto local = clean(page("<p><a href='b.html#s'>t</a></p>", "file:///home/me/a.html"), {});
  CHECK(local->markdown == "[t](b.html#s)");
  CHECK(markdown("<p><a href='#top'>up</a> <a href='javascript:x()'>js</a> <a name='n'>n</a></p>") == "up js n");
  CHECK(markdown("<p><a href='https://a.org/'>https://a.org/</a></p>") == "<https://a.org/>");
  CHECK(markdown("<p>Look!<a href='https://a.org/'>t]</a></p>") == "Look\\![t\\]](https://a.org/)");
}

TEST_CASE("the content is found without rules") {
  const std::string words = "Some words of the author that make up a proper paragraph, with commas, and more. ";
  std::string text;
  for (int i = 0; i < 5; ++i) text += "<p>" + words + "</p>";
  const std::string navigation =
      "<div class='menu'><a href='/1'>One menu entry here</a> <a href='/2'>Another one</a></div>";
  for (const std::string& html :
       {navigation + "<main><h1>T</h1>" + text + "</main>" + navigation,
        navigation + "<div role='main'>" + text + "</div>", navigation + "<article>" + text + "</article>" + navigation,
        navigation + "<div><div>" + text + "</div></div>" + navigation}) {
    CAPTURE(html);
    const std::string out = markdown(html);
    CHECK(out.find("proper paragraph") != std::string::npos);
    CHECK(out.find("menu") == std::string::npos);
  }
  // Several articles, none of which is the page: all of them.
  CHECK(markdown("<div><article><p>" + words + "A</p></article><article><p>" + words + "B</p></article></div>")
            .find('B') != std::string::npos);
  // A form around the whole page is not a form.
  CHECK(markdown("<form>" + text + "</form>").find("proper") != std::string::npos);
}

TEST_CASE("no word of a page is lost or doubled, whatever its markup") {
  const std::vector<std::string> elements = {
      "p",   "div",          "b",          "i",       "em",         "strong", "a href='x'", "code",
      "ul",  "ol",           "li",         "dl",      "dt",         "dd",     "table",      "tr",
      "td",  "th",           "h1",         "h3",      "blockquote", "pre",    "span",       "del",
      "sup", "br",           "hr",         "tbody",   "caption",    "figure", "section",    "q",
      "kbd", "td colspan=2", "ol start=4", "details", "summary",    "font",   "center"};
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    std::string html = "<div class='all'>";
    std::vector<std::string> words, open;
    const std::size_t steps = 5 + random() % 60;
    for (std::size_t i = 0; i < steps; ++i) {
      const auto choice = random() % 10;
      if (choice < 4) {
        open.push_back(elements[random() % elements.size()]);
        html += "<" + open.back() + ">";
      } else if (choice < 6 && !open.empty()) {
        const std::size_t which = random() % 4 == 0 ? random() % open.size() : open.size() - 1;  // now and then crossed
        html += "</" + open[which].substr(0, open[which].find(' ')) + ">";
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        words.push_back("word" + std::to_string(round) + "x" + std::to_string(i) + "z");
        html += (random() % 2 == 0 ? " " : "") + words.back() + (random() % 3 == 0 ? "" : ", ");
      }
    }
    CAPTURE(html);
    CleanRules rules;
    rules.main_selectors = {"body"};
    const std::string out = markdown("<body>" + html, rules);
    CAPTURE(out);
    const std::string prose = prose_view(out).text;
    for (const auto& word : words) {
      const std::size_t at = prose.find(word);
      CHECK_MESSAGE(at != std::string::npos, word);
      if (at != std::string::npos) CHECK_MESSAGE(prose.find(word, at + 1) == std::string::npos, word);
    }
  }
}

TEST_CASE("a wrong selector is an error that names it") {
  CleanRules rules;
  rules.drop_selectors = {"div["};
  const auto out = clean(page("<p>x</p>"), rules);
  REQUIRE(!out);
  CHECK(out.error().kind == ErrorKind::usage);
  CHECK(out.error().message.find("div[") != std::string::npos);
}

TEST_CASE("metadata") {
  const auto out = clean(page("<html lang='ko-KR'><title>글 제목 | 블로그</title><h1>글 제목</h1>"
                              "<time datetime='2024-03-02'>3월 2일</time><a rel='author'>홍길동</a>"
                              "<p>본문입니다. 조금 더 길게 씁니다. 그래야 언어를 알 수 있습니다.</p>"),
                         {});
  REQUIRE(out);
  CHECK(out->title == "글 제목");
  CHECK(out->language == "ko");
  CHECK(format_time(out->published) == "2024-03-02T00:00:00.000Z");
  CHECK(out->authors == std::vector<std::string>{"홍길동"});
  // Wrong JSON-LD is ignored.
  CHECK(clean(page("<script type='application/ld+json'>{\"datePublished\":</script><p>x</p>"), {}));
}

TEST_CASE("deep nesting neither overflows the stack nor loses text") {
  constexpr int depth = 100'000;
  for (const std::string element : {"div", "blockquote", "b", "ul", "span", "table", "li", "dl"}) {
    CAPTURE(element);
    std::string html;
    for (int i = 0; i < depth; ++i) html += "<" + element + ">";
    html += "<p>the text</p>";
    const auto out = clean(page(html), {});
    REQUIRE(out);
    CHECK(out->markdown.find("the text") != std::string::npos);
  }
}

TEST_CASE("a page with too many elements is refused by name") {
  CleanRules rules;
  rules.max_html_elements = 1000;
  std::string html;
  for (int i = 0; i < 2000; ++i) html += "<br>";
  const auto out = clean(page(html), rules);
  REQUIRE(!out);
  CHECK(out.error().kind == ErrorKind::limit);
  CHECK(out.error().where == "https://example.org/blog/post");
}

TEST_CASE("big input takes time in proportion to its size") {
  constexpr std::size_t size = 8u << 20;
  SUBCASE("one long line") {
    CHECK(markdown("<p>" + std::string(size, 'a') + "</p>").size() == size);
  }
  SUBCASE("many brackets and asterisks") {
    std::string text;
    while (text.size() < (256u << 10)) text += "[*_`<";
    CHECK(!markdown("<p>" + text + "</p>").empty());
  }
  SUBCASE("reopened formatting") {
    std::string html;
    for (int i = 0; i < 20'000; ++i) html += "<p><b i=" + std::to_string(i) + ">x";
    CHECK(!markdown(html).empty());
  }
}
