// DOCX and ODT made in the test from their parts.
#include <doctest/doctest.h>

#include "core/archive_for_test.h"
#include "core/text/unicode.h"
#include "feature/clean/clean.h"

using namespace twin;
using namespace twin::feature;

namespace {

std::string zip(const std::vector<PackedFile>& files) {
  const TempFolder folder;
  return disk().read(pack(folder.path() / "x.zip", files)).value();
}

const std::string w =
    R"(xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="x" xmlns:a="y" xmlns:mc="z" xmlns:m="m")";

const std::string styles = "<w:styles " + w + R"(>
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="a3"><w:name w:val="제목 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="My chapter"/><w:basedOn w:val="Heading1"/></w:style>
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Code"><w:name w:val="Source Code"/></w:style>
<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Quote"/></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="loop"/><w:basedOn w:val="Loop"/></w:style>
</w:styles>)";

const std::string numbering = "<w:numbering " + w + R"(>
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>)";

std::string p(const std::string& text, const std::string& properties = {}) {
  return "<w:p>" + (properties.empty() ? "" : "<w:pPr>" + properties + "</w:pPr>") +
         "<w:r><w:t xml:space=\"preserve\">" + text + "</w:t></w:r></w:p>";
}
std::string styled(const std::string& style, const std::string& text) {
  return p(text, "<w:pStyle w:val=\"" + style + "\"/>");
}
std::string item(int level, const std::string& text) {
  return p(text, "<w:numPr><w:ilvl w:val=\"" + std::to_string(level) + "\"/><w:numId w:val=\"1\"/></w:numPr>");
}

std::string docx(const std::string& body, std::vector<PackedFile> more = {}) {
  std::vector<PackedFile> files = {{"[Content_Types].xml", "<Types/>"},
                                   {"word/document.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document " + w +
                                                             "><w:body>" + body + "</w:body></w:document>"},
                                   {"word/styles.xml", styles},
                                   {"word/numbering.xml", numbering}};
  for (auto& file : more) {  // in the place of one of the same name
    std::erase_if(files, [&](const PackedFile& own) { return own.name == file.name; });
    files.push_back(std::move(file));
  }
  return zip(files);
}

RawDocument raw_of(std::string bytes, const std::string& type) {
  RawDocument raw;
  raw.url = "file:///d/a";
  raw.media_type = type;
  raw.bytes = std::move(bytes);
  return raw;
}
const std::string docx_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const std::string odt_type = "application/vnd.oasis.opendocument.text";

Cleaned cleaned_office(std::string bytes, const std::string& type, const CleanRules& rules = {}) {
  auto out = clean(raw_of(std::move(bytes), type), rules);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  return *std::move(out);
}

std::string odt(const std::string& body, const std::string& automatic = {}, std::vector<PackedFile> more = {}) {
  std::vector<PackedFile> files = {
      {"mimetype", odt_type},
      {"content.xml",
       R"(<office:document-content xmlns:office="o" xmlns:text="t" xmlns:style="s" xmlns:fo="f" xmlns:table="ta" xmlns:draw="d" xmlns:xlink="x" xmlns:svg="v" xmlns:dc="dc"><office:automatic-styles>)" +
           automatic + "</office:automatic-styles><office:body><office:text>" + body +
           "</office:text></office:body></office:document-content>"}};
  files.insert(files.end(), more.begin(), more.end());
  return zip(files);
}

}  // namespace

TEST_CASE("DOCX: headings by style, outline and ancestry; lists with their numbers; code, quotes, metadata") {
  const std::string core =
      R"(<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>빵과 시간</dc:title><dc:creator>김하늘</dc:creator>
<cp:keywords>빵, 발효</cp:keywords><dcterms:created>2024-05-01T00:30:00Z</dcterms:created><dcterms:modified>2024-06-01T00:00:00Z</dcterms:modified></cp:coreProperties>)";
  const auto out = cleaned_office(
      docx(styled("Title", "빵과 시간") + styled("TOC1", "르방 … 3") + styled("Heading1", "르방 만들기") +
               p("밀가루와 물.") + styled("a3", "준비물") + item(0, "밀가루 500 g") + item(1, "통밀") +
               item(1, "호밀") + item(0, "물 350 g") + p("잠시 쉰다.") + item(0, "소금") +
               styled("Own", "Second chapter") + styled("Code", "for i in range(3):") + styled("Code", "    knead(i)") +
               styled("Quote", "Bread is patience.") + styled("Loop", "plain") +
               p("deep", "<w:outlineLvl w:val=\"2\"/>"),
           {{"docProps/core.xml", core}}),
      docx_type);
  CHECK(out.title == "빵과 시간");
  CHECK(out.authors == std::vector<std::string>{"김하늘"});
  CHECK(format_time(out.published) == "2024-05-01T00:30:00.000Z");
  CHECK(out.metadata.at("tags") == "빵, 발효");
  CHECK(out.metadata.at("modified") == "2024-06-01T00:00:00.000Z");
  CHECK(out.markdown ==
        "# 빵과 시간\n\n# 르방 만들기\n\n밀가루와 물.\n\n## 준비물\n\n1. 밀가루 500 g\n   - 통밀\n   - 호밀\n2. 물 350 "
        "g\n\n잠시 쉰다.\n\n3. 소금\n\n"
        "# Second chapter\n\n```\nfor i in range(3):\n    knead(i)\n```\n\n> Bread is patience.\n\nplain\n\n### deep");
  REQUIRE(!out.notes.empty());
  CHECK(out.notes[0].message.find("1 lines of the table of contents") != std::string::npos);
}

TEST_CASE("DOCX: runs, links, notes, images, tracked changes, tables") {
  const std::string body =
      "<w:p><w:r><w:t xml:space=\"preserve\">Plain, "
      "</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>bold</w:t></w:r><w:r><w:t xml:space=\"preserve\"> and </w:t></w:r>"
      "<w:r><w:rPr><w:i/><w:b "
      "w:val=\"0\"/></w:rPr><w:t>slanted</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
      "<w:r><w:rPr><w:rFonts w:ascii=\"Consolas\"/></w:rPr><w:t xml:space=\"preserve\"> "
      "malloc_usable_size()</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p>"
      "<w:p><w:hyperlink r:id=\"rId1\"><w:r><w:t>the site</w:t></w:r></w:hyperlink><w:r><w:t xml:space=\"preserve\">, "
      "</w:t></w:r>"
      "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText> HYPERLINK \"https://example.org/b\" "
      "</w:instrText></w:r>"
      "<w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>old link</w:t></w:r><w:r><w:fldChar "
      "w:fldCharType=\"end\"/></w:r>"
      "<w:r><w:t xml:space=\"preserve\"> on page </w:t></w:r><w:fldSimple w:instr=\" PAGE "
      "\"><w:r><w:t>3</w:t></w:r></w:fldSimple></w:p>"
      "<w:p><w:r><w:t xml:space=\"preserve\">Kept </w:t></w:r><w:del w:id=\"1\"><w:r><w:delText>removed "
      "</w:delText></w:r></w:del><w:ins w:id=\"2\"><w:r><w:t>added</w:t></w:r></w:ins></w:p>"
      "<w:p><w:r><w:drawing><wp:inline><wp:docPr id=\"1\" descr=\"부푼 반죽\"/><a:blip "
      "r:embed=\"rId2\"/></wp:inline></w:drawing></w:r>"
      "<w:r><w:drawing><wp:inline><wp:docPr id=\"2\"/></wp:inline></w:drawing></w:r></w:p>"
      "<w:tbl><w:tr><w:tc>" +
      p("재료") + "</w:tc><w:tc>" + p("양 | g") + "</w:tc></w:tr><w:tr><w:tc>" + p("물") + "</w:tc><w:tc>" + p("350") +
      p("(찬물)") +
      "</w:tc></w:tr>"
      "<w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr>" +
      p("합계") +
      "</w:tc></w:tr></w:tbl>"
      "<w:tbl><w:tr><w:tc>" +
      p("A frame around text.") + "</w:tc></w:tr></w:tbl>";
  const auto out = cleaned_office(
      docx(
          body,
          {{"word/_rels/document.xml.rels",
            R"x(<Relationships><Relationship Id="rId1" Target="https://example.org/a(1)" TargetMode="External"/><Relationship Id="rId2" Target="media/image1.png"/></Relationships>)x"},
           {"word/footnotes.xml", "<w:footnotes " + w + "><w:footnote w:id=\"-1\">" + p("separator") +
                                      "</w:footnote><w:footnote w:id=\"2\">" + p("See the manual.") +
                                      "</w:footnote></w:footnotes>"}}),
      docx_type);
  CHECK(out.markdown ==
        "Plain, **bold** and *slanted* `malloc_usable_size()`[^1]\n\n[the site](<https://example.org/a(1)>), [old "
        "link](https://example.org/b) on page 3\n\n"
        "Kept added\n\n![부푼 반죽](media/image1.png)\n\n| 재료 | 양 \\| g |\n| --- | --- |\n| 물 | 350<br>(찬물) "
        "|\n| 합계 |  |\n\nA frame around text.\n\n[^1]: See the manual.");
  REQUIRE(out.notes.size() == 2);
  CHECK(out.notes[0].message.find("1 tracked deletions") != std::string::npos);
  CHECK(out.notes[1].message.find("1 images") != std::string::npos);
}

TEST_CASE("ODT: headings, lists, tables, notes, links, styles, tracked changes, metadata") {
  const std::string automatic =
      R"(<style:style style:name="T1" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>
<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Preformatted_20_Text"/>
<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"/><text:list-level-style-bullet text:level="2"/></text:list-style>)";
  const std::string body =
      R"(<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes>
<text:p text:style-name="Title">빵과 시간</text:p><text:table-of-content><text:index-body><text:p>르방 3</text:p></text:index-body></text:table-of-content>
<text:h text:outline-level="2">르방<text:s/>만들기</text:h>
<text:p>밀가루와 <text:span text:style-name="T1">물</text:span>만 있으면 된다.<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>소금은 나중에.</text:p></text:note-body></text:note> <text:a xlink:href="https://example.org/">Site</text:a><office:annotation><text:p>comment</text:p></office:annotation></text:p>
<text:list text:style-name="L1"><text:list-item><text:p>하나</text:p><text:list><text:list-item><text:p>작은 것</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>둘</text:p><text:p>둘의 설명</text:p></text:list-item></text:list>
<text:p text:style-name="P1">if x:</text:p><text:p text:style-name="P1"><text:s text:c="4"/>y()</text:p>
<text:p><draw:frame><draw:image xlink:href="Pictures/1.png"/><svg:desc>반죽 사진</svg:desc></draw:frame></text:p>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>재료</text:p></table:table-cell><table:table-cell><text:p>양</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row><table:table-cell><text:p>물</text:p></table:table-cell><table:table-cell><text:p>350</text:p></table:table-cell><table:table-cell table:number-columns-repeated="1000000"/></table:table-row></table:table>)";
  const std::string meta =
      R"(<office:document-meta xmlns:office="o" xmlns:dc="d" xmlns:meta="m"><office:meta><dc:title>빵</dc:title><meta:initial-creator>김하늘</meta:initial-creator><meta:creation-date>2024-05-01T09:30:00.123456789</meta:creation-date><meta:keyword>발효</meta:keyword><meta:keyword>시간</meta:keyword></office:meta></office:document-meta>)";
  const auto out = cleaned_office(odt(body, automatic, {{"meta.xml", meta}}), odt_type);
  CHECK(out.title == "빵");
  CHECK(out.authors == std::vector<std::string>{"김하늘"});
  CHECK(format_time(out.published) == "2024-05-01T09:30:00.123Z");
  CHECK(out.metadata.at("tags") == "발효, 시간");
  CHECK(out.markdown ==
        "# 빵과 시간\n\n## 르방 만들기\n\n밀가루와 **물**만 있으면 된다.[^1] [Site](https://example.org/)\n\n1. "
        "하나\n   - 작은 것\n2. 둘\n\n   둘의 설명\n\n"
        "```\nif x:\n    y()\n```\n\n![반죽 사진](Pictures/1.png)\n\n| 재료 | 양 |\n| --- | --- |\n| 물 | 350 "
        "|\n\n[^1]: 소금은 나중에.");
  CHECK(out.notes.size() == 2);
}

TEST_CASE("office documents that would multiply: wide tables, repeated cells, long chains of styles, huge numbers") {
  // One row of 3,000 cells among 3,000 rows of one: filled up, nine million cells.
  std::string wide, rows, spans, chain;
  for (int i = 0; i < 3000; ++i) {
    wide += "<w:tc>" + p("c") + "</w:tc>";
    rows += "<w:tr><w:tc>" + p("r") + "</w:tc></w:tr>";
    spans += "<w:tc><w:tcPr><w:gridSpan w:val=\"100\"/></w:tcPr>" + p("s") + "</w:tc>";
    chain += "<w:style w:styleId=\"s" + std::to_string(i) + "\"><w:basedOn w:val=\"s" + std::to_string(i + 1) +
             "\"/></w:style>";
  }
  const auto table = cleaned_office(docx("<w:tbl><w:tr>" + wide + "</w:tr>" + rows + "</w:tbl>"), docx_type);
  CHECK(table.markdown.size() < 3000 * 30);
  CHECK(prose_view(table.markdown).text.find('r') != std::string::npos);
  CHECK(cleaned_office(docx("<w:tbl><w:tr>" + spans + "</w:tr></w:tbl>"), docx_type).markdown.size() < 3000 * 60);

  const auto numbers =
      cleaned_office(docx(item(0, "a") + item(0, "b") + p("h", "<w:outlineLvl w:val=\"2147483647\"/>") +
                              p("n", "<w:numPr><w:ilvl w:val=\"2147483647\"/><w:numId w:val=\"1\"/></w:numPr>"),
                          {{"word/numbering.xml",
                            "<w:numbering " + w +
                                "><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start "
                                "w:val=\"2147483647\"/><w:numFmt w:val=\"decimal\"/></w:lvl></w:abstractNum><w:num "
                                "w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>"}}),
                     docx_type);
  CHECK(numbers.markdown == "999999999. a\n999999999. b\n\nh\n\nn");

  const std::string text(5000, 'x');
  const auto repeated = cleaned_office(
      odt("<table:table><table:table-row><table:table-cell table:number-columns-repeated=\"100\">"
          "<text:p>" +
          text +
          "</text:p></table:table-cell><table:table-cell><text:p>y</text:p>"
          "</table:table-cell></table:table-row></table:table><text:list text:style-name=\"L\"><text:list-item "
          "text:start-value=\"2147483647\"><text:p>a</text:p></text:list-item><text:list-item><text:p>b</text:p>"
          "</text:list-item></text:list>"),
      odt_type);
  CHECK(repeated.markdown.size() < 2 * text.size());

  const auto styled_chain = cleaned_office(
      docx(styled("s0", "text"), {{"word/styles.xml", "<w:styles " + w + ">" + chain + "</w:styles>"}}), docx_type);
  CHECK(styled_chain.markdown == "text");
}

TEST_CASE("hostile office documents: entity bombs, depth, truncation, encryption, wrong contents") {
  // Entities are not expanded: the text stays as small as the file.
  const std::string bomb =
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
      "\"&b;&b;&b;&b;&b;&b;\">"
      "<!ENTITY e SYSTEM \"file:///etc/passwd\">]><w:document " +
      w + "><w:body>" + p("text &c; &e;") + "</w:body></w:document>";
  const auto expanded = clean(raw_of(zip({{"word/document.xml", bomb}}), docx_type), {});
  REQUIRE(expanded);
  CHECK(expanded->markdown == R"(text \&c; \&e;)");
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "<w:ins>";
  deep += p("x");
  for (int i = 0; i < 3000; ++i) deep += "</w:ins>";
  const auto nested = clean(raw_of(docx(deep), docx_type), {});
  REQUIRE_FALSE(nested);
  CHECK(nested.error().kind == ErrorKind::limit);
  CHECK(nested.error().message.find("nests elements deeper than 256") != std::string::npos);

  // A note that is referred to again and again is written once.
  std::string references;
  for (int i = 0; i < 3000; ++i) references += "<w:r><w:footnoteReference w:id=\"2\"/></w:r>";
  const auto notes =
      cleaned_office(docx("<w:p>" + references + "</w:p>",
                          {{"word/footnotes.xml", "<w:footnotes " + w + "><w:footnote w:id=\"2\">" +
                                                      p(std::string(2000, 'n')) + "</w:footnote></w:footnotes>"}}),
                     docx_type);
  CHECK(notes.markdown.size() < 3000 * 5 + 3000);
  CHECK(notes.markdown.find("[^1]: nnn") != std::string::npos);
  CHECK(notes.markdown.find("[^2]") == std::string::npos);

  const std::string whole = docx(p("text"));
  for (std::size_t length = 0; length < whole.size() - 22; length += 97) {
    const auto cut = clean(raw_of(whole.substr(0, length), docx_type), {});
    if (cut) CHECK(cut->markdown == "text");  // only the directory at the end is missing
    if (!cut) CHECK(!cut.error().message.empty());
  }
  CHECK(clean(raw_of("\xD0\xCF\x11\xE0 old", docx_type), {}).error().message.find("encrypted") != std::string::npos);
  CHECK(clean(raw_of(zip({{"a.txt", "x"}}), docx_type), {}).error().kind == ErrorKind::invalid);
  CHECK(clean(raw_of(zip({{"word/document.xml", "<w:document><w:body>"}}), docx_type), {}).error().kind ==
        ErrorKind::invalid);
  CHECK(clean(raw_of(odt("<text:p>x</text:p>", {}, {{"META-INF/manifest.xml", "<m><manifest:encryption-data/></m>"}}),
                     odt_type),
              {})
            .error()
            .message.find("encrypted") != std::string::npos);
  CHECK(clean(raw_of(zip({{"mimetype", "x"}}), odt_type), {}).error().kind == ErrorKind::invalid);
  // Bytes that are no UTF-8, and references to what is no character.
  const auto odd = cleaned_office(docx(p("a\xFF\xFE b&#xD800;c&#0;d&#1;e\xC2\xA0"
                                         "f"),
                                       {{"docProps/core.xml", "<c><dc:title>t\xFF&#xD801;</dc:title></c>"}}),
                                  docx_type);
  CHECK(text::first_invalid_utf8(odd.markdown + odd.title) == std::string::npos);
  CHECK(odd.markdown.find('\1') == std::string::npos);
  CHECK(odd.markdown.find("e f") != std::string::npos);

  CleanRules small;
  small.formats.max_unpacked_megabytes = 1;
  CHECK(clean(raw_of(docx(p(std::string(3'000'000, 'x'))), docx_type), small).error().kind == ErrorKind::limit);
}
