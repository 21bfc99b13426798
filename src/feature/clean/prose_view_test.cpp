#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "core/files.h"
#include "feature/clean/clean.h"
#include "feature/clean/golden_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

/// What the header promises: blocks in order, separated by one empty line, covering every non-space byte.
void check_invariants(const ProseView& prose) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < prose.blocks.size(); ++i) {
    const auto& span = prose.blocks[i].span;
    REQUIRE(span.start < span.end);
    REQUIRE(span.end <= prose.text.size());
    const auto gap = prose.text.substr(at, span.start - at);
    CHECK(gap.find_first_not_of(" \n") == std::string::npos);
    if (i > 0) CHECK(gap.substr(0, 2) == "\n\n");
    CHECK(std::count(gap.begin(), gap.end(), '\n') == (i > 0 ? 2 : 0));
    const auto text = prose.text.substr(span.start, span.end - span.start);
    CHECK(text.find_first_not_of(" \n\t") != std::string::npos);
    CHECK(text.back() != '\n');
    if (prose.blocks[i].kind != Block::Kind::code) CHECK(text.find("\n\n") == std::string::npos);
    CHECK((prose.blocks[i].kind == Block::Kind::heading) == (prose.blocks[i].level > 0));
    at = span.end;
  }
  CHECK(at == prose.text.size());
  for (const Picture& picture : prose.pictures) {
    REQUIRE(picture.span.start <= picture.span.end);
    CHECK(picture.span.end <= prose.text.size());
  }
}

std::vector<Block::Kind> kinds(const ProseView& prose) {
  std::vector<Block::Kind> out;
  for (const auto& block : prose.blocks) out.push_back(block.kind);
  return out;
}

using K = Block::Kind;

}  // namespace

TEST_CASE("the prose view reads as the page does") {
  const auto prose = prose_view(
      "# Title with *emphasis*\n\nA [link](http://x) and `code`,\nsoft break.\\\nHard break.\n\n"
      "> Quoted **text**.\n>\n> - in a list\n\n1. one\n2. two\n\n   again\n   - nested\n\n"
      "```cpp\nint x;\n\nint y;\n```\n\n| a | b |\n| --- | --- |\n| 1 | *2* |\n\n![alt text](i.png)\n\n<p>raw "
      "<b>html</b></p>\n");
  check_invariants(prose);
  CHECK(prose.text ==
        "Title with emphasis\n\nA link and code, soft break.\nHard break.\n\nQuoted text.\n\n- in a list\n\n1. one\n\n"
        "2. two\n\nagain\n\n  - nested\n\nint x;\n\nint y;\n\na | b\n1 | 2\n\nalt text\n\nraw html");
  CHECK(kinds(prose) == std::vector<K>{K::heading, K::paragraph, K::quote, K::list_item, K::list_item, K::list_item,
                                       K::list_item, K::list_item, K::code, K::table, K::paragraph, K::paragraph});
  CHECK(prose.blocks[0].level == 1);
}

TEST_CASE("pictures are read by their words, and are found again at them") {
  const auto shown = [](const std::string& markdown) {
    const auto prose = prose_view(markdown);
    check_invariants(prose);
    std::vector<std::string> out = {prose.text};
    for (const Picture& picture : prose.pictures) {
      out.push_back(picture.source + "=" +
                    prose.text.substr(picture.span.start, picture.span.end - picture.span.start));
    }
    return out;
  };
  using Lines = std::vector<std::string>;
  CHECK(shown("Before ![부팅 메뉴](img/menu.png \"처음 화면\") after.") ==
        Lines{"Before 부팅 메뉴 (처음 화면) after.", "img/menu.png=부팅 메뉴 (처음 화면)"});
  CHECK(shown("![same](a.png \"same\")") == Lines{"same", "a.png=same"});
  CHECK(shown("![](a.png \"only a title\")") == Lines{"only a title", "a.png=only a title"});
  CHECK(shown("One.\n\n![](plain.png)\n\nTwo.") == Lines{"One.\n\nTwo.", "plain.png="});
  CHECK(prose_view("One.\n\n![](plain.png)\n\nTwo.").pictures[0].span.start == 4);
  CHECK(shown("- item\n- ![x](a.png)\n  - ![y](b.png)") == Lines{"- item\n\n- x\n\n  - y", "a.png=x", "b.png=y"});
  CHECK(shown("> ![in a quote](q.png)") == Lines{"in a quote", "q.png=in a quote"});
  CHECK(shown("# ![logo](l.svg) Title") == Lines{"logo Title", "l.svg=logo"});
  CHECK(shown("| a | b |\n| - | - |\n|  | ![t](t.png) |") == Lines{"a | b\n| t", "t.png=t"});
  CHECK(shown("line one\\\n   ![two](2.png)") == Lines{"line one\ntwo", "2.png=two"});
  CHECK(shown("[![badge](b.svg)](https://ci.example)") == Lines{"badge", "b.svg=badge"});
  CHECK(shown("![dots](data:image/png;base64,AAAA)") == Lines{"dots", "data:image/png=dots"});
  // HTML between Markdown.
  CHECK(shown("see <img src='i.png' alt='the plan' title=\"north wing\"> here") ==
        Lines{"see the plan (north wing) here", "i.png=the plan (north wing)"});
  CHECK(shown("<figure><img src=\"f.png\" alt=\"Figure one\"><figcaption>그림 1. 배치도</figcaption></figure>") ==
        Lines{"Figure one 그림 1. 배치도", "f.png=Figure one"});
  CHECK(shown("<p align=center>\n  <img src=a.png>\n  <img src=b.png alt=B>\n</p>") == Lines{"B", "a.png=", "b.png=B"});
}

TEST_CASE("footnotes stand at the end, their marks are not read") {
  const auto prose = prose_view("Text[^1] goes on.\n\n[^1]: The note.\n\nLast.");
  check_invariants(prose);
  CHECK(prose.text == "Text goes on.\n\nLast.\n\nThe note.");
}

TEST_CASE("a heading inside a quote or list opens no section") {
  const auto prose = prose_view("> # Quoted heading\n\n- # Item heading\n\n## Own");
  CHECK(kinds(prose) == std::vector<K>{K::quote, K::list_item, K::heading});
}

TEST_CASE("nothing in, nothing out") {
  for (const std::string markdown :
       {"", "\n\n", "<!-- only a comment -->", "---", "```\n\n```", "[ref]: http://x", "#"}) {
    CAPTURE(markdown);
    const auto prose = prose_view(markdown);
    CHECK(prose.text.empty());
    CHECK(prose.blocks.empty());
  }
}

TEST_CASE("invariants hold for any input") {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"word ",
                                           "한글 ",
                                           "\n",
                                           "\n\n",
                                           "# ",
                                           "> ",
                                           "- ",
                                           "1. ",
                                           "    ",
                                           "*",
                                           "**",
                                           "`",
                                           "```\n",
                                           "| a ",
                                           "|\n",
                                           "| - | - |\n",
                                           "[x](y)",
                                           "![",
                                           "]",
                                           "<br>",
                                           "<div>\n",
                                           "\\",
                                           "&amp;",
                                           "[^1]",
                                           "[^1]: ",
                                           "~~",
                                           "\t",
                                           "<!--",
                                           "-->",
                                           "===\n",
                                           "---\n",
                                           "\xEF\xBF\xBD",
                                           "![a](b \"c\")",
                                           "<img src=x alt='y z'>"};
  for (int round = 0; round < 3000; ++round) {
    std::string markdown;
    const std::size_t count = random() % 40;
    for (std::size_t i = 0; i < count; ++i) markdown += pieces[random() % pieces.size()];
    CAPTURE(markdown);
    check_invariants(prose_view(markdown));
  }
}

TEST_CASE("deep nesting and long lines") {
  check_invariants(prose_view(std::string(20'000, '>') + " text"));
  std::string list;
  for (int i = 0; i < 200; ++i) list += std::string(static_cast<std::size_t>(i) * 2, ' ') + "- item\n";
  check_invariants(prose_view(list));
  const std::string line(50u << 20, 'x');
  CHECK(prose_view(line).text == line);
}

TEST_CASE("retrieval view") {
  CHECK(retrieval_view("Title", {"Title", "Section  two"}, "Some\n  text. ") == "Title > Section two\nSome text.");
  CHECK(retrieval_view("", {}, " just text ") == "just text");
  CHECK(retrieval_view("제목", {"소제목"}, "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB") == "제목 > 소제목\n한");
}
