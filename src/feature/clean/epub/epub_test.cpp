#include "feature/clean/epub/epub.h"

#include <doctest/doctest.h>

#include "core/archive_for_test.h"
#include "feature/clean/epub/chapter.h"

using namespace twin;
using namespace twin::feature;

namespace {

std::string epub_page(const std::string& body) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?><html xmlns=\"http://www.w3.org/1999/xhtml\" "
         "xmlns:epub=\"e\"><head><title/></head><body>" +
         body + "</body></html>";
}

std::string book(std::vector<PackedFile> files) {
  files.push_back({"mimetype", "application/epub+zip"});
  const TempFolder folder;
  return disk().read(pack(folder.path() / "x.zip", files)).value();
}

const std::string container =
    R"(<container xmlns="c"><rootfiles><rootfile full-path="OEBPS/content.opf" media-type="x"/></rootfiles></container>)";
const std::string opf =
    R"(<package xmlns="p" xmlns:dc="d"><metadata><dc:title>빵과 시간</dc:title><dc:creator>김하늘</dc:creator><dc:creator>Ann Baker</dc:creator>
<dc:language>ko</dc:language><dc:date>2023</dc:date><dc:subject>빵</dc:subject><dc:identifier>urn:isbn:1</dc:identifier></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/><item id="c2" href="text/second.xhtml" media-type="application/xhtml+xml"/>
<item id="c1" href="text/first%20one.xhtml" media-type="application/xhtml+xml"/><item id="css" href="a.css" media-type="text/css"/></manifest>
<spine><itemref idref="nav"/><itemref idref="c1"/><itemref idref="c2"/><itemref idref="css"/></spine></package>)";

Result<Cleaned> cleaned_epub(std::string bytes, const CleanRules& rules = {}) {
  RawDocument raw;
  raw.url = "file:///books/a.epub";
  raw.media_type = "application/epub+zip";
  raw.bytes = std::move(bytes);
  return clean(raw, rules);
}

}  // namespace

TEST_CASE("EPUB: chapters in the order of the spine, headings and notes kept, metadata of the package") {
  const auto out = cleaned_epub(
      book({{"META-INF/container.xml", container},
            {"OEBPS/content.opf", opf},
            {"OEBPS/nav.xhtml", epub_page("<nav><ol><li>목차</li></ol></nav>")},
            {"OEBPS/text/second.xhtml", epub_page("<h1>둘째 장</h1><p>굽는다.</p>")},
            {"OEBPS/text/first one.xhtml",
             epub_page("<h1><a id=\"top\"/>첫째 장</h1><p>반죽은&#160;기다린다 &#8212; 오래&hellip;</p>")}}));
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  CHECK(out->title == "빵과 시간");
  CHECK(out->authors == std::vector<std::string>{"김하늘", "Ann Baker"});
  CHECK(out->language == "ko");
  CHECK(format_time(out->published) == "2023-01-01T00:00:00.000Z");
  CHECK(out->metadata.at("tags") == "빵");
  CHECK(out->markdown == "# 첫째 장\n\n반죽은 기다린다 — 오래…\n\n# 둘째 장\n\n굽는다.");
}

TEST_CASE("EPUB: missing and broken chapters are noted, the others kept; no book is an error") {
  const auto part = cleaned_epub(book({{"META-INF/container.xml", container},
                                       {"OEBPS/content.opf", opf},
                                       {"OEBPS/text/first one.xhtml", epub_page("<p>One chapter is enough.</p>")}}));
  REQUIRE(part);
  CHECK(part->markdown == "One chapter is enough.");
  CHECK(part->notes.size() >= 1);
  CHECK_FALSE(cleaned_epub(book({{"a", "b"}})));
  CHECK_FALSE(cleaned_epub(book({{"META-INF/container.xml", container}})));
  CHECK_FALSE(cleaned_epub(book({{"META-INF/container.xml", container}, {"OEBPS/content.opf", opf}})));
  CHECK_FALSE(cleaned_epub(book({{"META-INF/container.xml", "<container"}})));
  const std::string whole = book({{"META-INF/container.xml", container}, {"OEBPS/content.opf", opf}});
  CHECK_FALSE(cleaned_epub(whole.substr(0, whole.size() / 2)));
}

TEST_CASE("a chapter as HTML: empty elements closed, notes no side bars, entities untouched, broken XML as it is") {
  const std::string html = epub::html_of(
      "<html><body><p>a<br/>b &nbsp;<a id=\"x\"/>c</p><aside "
      "epub:type=\"footnote\">n</aside><aside>s</aside></body></html>");
  CHECK(html ==
        "<html><body><p>a<br/>b &nbsp;<a id=\"x\"></a>c</p><div "
        "epub:type=\"footnote\">n</div><aside>s</aside></body></html>");
  CHECK(epub::html_of("<p>broken") == "<p>broken");
}

TEST_CASE("footnote labels are made unique where they are footnotes") {
  CHECK(epub::with_labels("a[^1] b\\[^1] `x`\n\n```\nm[^1]\n```\n\n[^1]: note", "3") ==
        "a[^3-1] b\\[^1] `x`\n\n```\nm[^1]\n```\n\n[^3-1]: note");
  CHECK(epub::with_labels("no notes [^a]", "3") == "no notes [^a]");
}
