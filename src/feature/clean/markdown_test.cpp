#include <doctest/doctest.h>

#include "feature/clean/clean.h"
#include "feature/clean/front_matter.h"

using namespace twin;
using namespace twin::feature;

namespace {

Cleaned cleaned(std::string text, std::string type = "text/markdown") {
  RawDocument raw;
  raw.url = "file:///notes/a.md";
  raw.media_type = std::move(type);
  raw.bytes = std::move(text);
  auto out = clean(raw, {});
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  return *std::move(out);
}

}  // namespace

TEST_CASE("front matter becomes metadata") {
  const auto out = cleaned(
      "---\r\ntitle: \"인덱스: 첫걸음\"\r\ndate: 2024-05-01 09:30:00 +0900\r\nauthor: 김하늘\r\ntags: [db, sql]\r\n"
      "lang: ko\r\nnested:\r\n  a: 1\r\n---\r\n\r\n# Heading\r\n\r\nText.  \r\nMore.\r\n");
  CHECK(out.title == "인덱스: 첫걸음");
  CHECK(format_time(out.published) == "2024-05-01T00:30:00.000Z");
  CHECK(out.authors == std::vector<std::string>{"김하늘"});
  CHECK(out.metadata.at("tags") == "db, sql");
  CHECK(out.metadata.count("nested") == 0);
  CHECK(out.markdown == "# Heading\n\nText.  \nMore.");
}

TEST_CASE("what only looks like front matter stays") {
  CHECK(cleaned("---\n\ntext between rules\n\n---\n\nmore").markdown.substr(0, 3) == "---");
  CHECK(cleaned("---\nno end").markdown == "---\nno end");
  CHECK(read_front_matter("text\n---\na: b\n---\n").length == 0);
  CHECK(read_front_matter("---\n---\nx").length == 8);
}

TEST_CASE("unreadable front matter is removed and reported") {
  const auto out = cleaned("---\ntitle: [unclosed\nb: c\n---\nBody");
  CHECK(out.markdown == "Body");
  REQUIRE(!out.notes.empty());
  CHECK(out.notes[0].where == "file:///notes/a.md");
  CHECK(cleaned("+++\ntitle = \"x\"\n+++\nBody").markdown == "Body");
  CHECK(cleaned("---\ndate: someday\n---\nBody").notes.size() == 1);
  // Aliases that would expand to a huge value are only read as far as the first level.
  std::string bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string(i > 0 ? "," : "") + "*" + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  CHECK(cleaned(bomb + "---\nBody").markdown == "Body");
}

TEST_CASE("titles") {
  CHECK(cleaned("intro\n\n## Two\n\n# *One* `code`\n\n# Other").title == "One code");
  CHECK(cleaned("Setext\n======\n\ntext").title == "Setext");
  CHECK(cleaned("no heading").title == "");
}

TEST_CASE("characters are normalized, structure is not") {
  CHECK(cleaned("a\rb\r\nc").markdown == "a\nb\nc");
  CHECK(cleaned("e\xCC\x81t\xC3\xA9 \xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB").markdown == "été 한");  // NFC
  CHECK(cleaned("zero\xE2\x80\x8Bwidth soft\xC2\xADhyphen").markdown == "zerowidth softhyphen");
  CHECK(cleaned("\n\n    code first\n").markdown == "    code first");
}

TEST_CASE("plain text reads the same in the prose view") {
  const auto prose = [](const std::string& text) { return prose_view(cleaned(text, "text/plain").markdown).text; };
  CHECK(prose("A *title*\n\nUse snake_case, <tags> & #hash.") == "A *title*\n\nUse snake_case, <tags> & #hash.");
  CHECK(prose("# not a heading\n> nor a quote") == "# not a heading\n> nor a quote");
  // Wrapped by an editor: one paragraph. Verse: its lines.
  CHECK(prose("This line is long enough that an editor must have wrapped it\nhere, and it goes on.") ==
        "This line is long enough that an editor must have wrapped it here, and it goes on.");
  CHECK(prose("산에는 꽃 피네\n꽃이 피네") == "산에는 꽃 피네\n꽃이 피네");
  CHECK(prose("Changes:\n\n- one\n- two *stars*\n\n    make test\n") ==
        "Changes:\n\n- one\n\n- two *stars*\n\nmake test");
  CHECK(cleaned("Release notes\n\nText", "text/plain").title == "Release notes");
  CHECK(cleaned("", "text/plain").markdown.empty());
}

TEST_CASE("source code is one fenced block") {
  const auto out = cleaned("int main() {\n\treturn 0;  // ```\n}\n", "text/x-cpp");
  CHECK(out.markdown == "````cpp\nint main() {\n\treturn 0;  // ```\n}\n````");
  CHECK(prose_view(out.markdown).blocks.front().kind == Block::Kind::code);
}

TEST_CASE("a media type that is no text is refused") {
  RawDocument raw;
  raw.media_type = "application/pdf";
  raw.bytes = "%PDF";
  CHECK(clean(raw, {}).error().kind == ErrorKind::invalid);
}
