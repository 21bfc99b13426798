// PDF files made in a test: lines of text at places, in any script.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "core/text/unicode.h"

namespace twin::feature {

struct PdfText {
  double x = 0, y = 0;  ///< points from the lower left corner of an A4 page
  double size = 10;
  std::string text;
};

struct PdfInfo {
  std::string title, author, created;  ///< created: "D:20240501093000+09'00'"
};

/// Hangul is as wide as the letter size, everything else half. The font names no outlines, only what its glyphs mean
/// (ToUnicode, ISO 32000, 9.10.3): enough for reading.
inline std::string make_pdf(const std::vector<std::vector<PdfText>>& pages, const PdfInfo& info = {}) {
  std::map<char32_t, int> glyphs;
  for (const auto& page : pages) {
    for (const auto& line : page) {
      for (const auto& c : text::codepoints(line.text)) glyphs.emplace(c.value, 0);
    }
  }
  int next = 1;
  std::string widths, meanings;
  for (auto& [character, glyph] : glyphs) {
    glyph = next++;
    widths += fmt::format("{} [{}] ", glyph, text::is_hangul(character) || text::is_cjk(character) ? 1000 : 500);
    meanings += fmt::format("<{:04X}> <{:04X}>\n", glyph, static_cast<unsigned>(character));
  }
  std::vector<std::string> objects;
  const auto stream = [](const std::string& data) {
    return fmt::format("<< /Length {} >>\nstream\n{}\nendstream", data.size(), data);
  };
  const auto utf16 = [](const std::string& text) {
    std::string out = "<FEFF";
    for (const auto& c : text::codepoints(text)) out += fmt::format("{:04X}", static_cast<unsigned>(c.value));
    return out + ">";
  };
  const std::string cmap = fmt::format(
      "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"
      "1 begincodespacerange <0000> <FFFF> endcodespacerange\n{} beginbfchar\n{}endbfchar\nendcmap end end",
      glyphs.size(), meanings);
  std::string kids;
  for (std::size_t i = 0; i < pages.size(); ++i) kids += fmt::format("{} 0 R ", 8 + 2 * i);
  objects.emplace_back("<< /Type /Catalog /Pages 2 0 R >>");
  objects.push_back(fmt::format("<< /Type /Pages /Kids [{}] /Count {} >>", kids, pages.size()));
  objects.emplace_back(
      "<< /Type /Font /Subtype /Type0 /BaseFont /Twin /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 6 0 R "
      ">>");
  objects.push_back(fmt::format(
      "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Twin /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
      "/Supplement 0 >> /FontDescriptor 5 0 R /DW 500 /W [{}] >>",
      widths));
  objects.emplace_back(
      "<< /Type /FontDescriptor /FontName /Twin /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 800 "
      "/Descent -200 "
      "/CapHeight 700 /StemV 80 >>");
  objects.push_back(stream(cmap));
  std::string facts;
  if (!info.title.empty()) facts += "/Title " + utf16(info.title) + " ";
  if (!info.author.empty()) facts += "/Author " + utf16(info.author) + " ";
  if (!info.created.empty()) facts += "/CreationDate (" + info.created + ") ";
  objects.push_back("<< " + facts + ">>");
  for (std::size_t i = 0; i < pages.size(); ++i) {
    objects.push_back(
        fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> "
                    "/Contents {} 0 R >>",
                    9 + 2 * i));
    std::string content;
    for (const auto& line : pages[i]) {
      std::string codes;
      for (const auto& c : text::codepoints(line.text)) codes += fmt::format("{:04X}", glyphs.at(c.value));
      content += fmt::format("BT /F {} Tf 1 0 0 1 {} {} Tm <{}> Tj ET\n", line.size, line.x, line.y, codes);
    }
    objects.push_back(stream(content));
  }
  std::string out = "%PDF-1.7\n", table;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  const std::size_t start = out.size();
  out += fmt::format(
      "xref\n0 {}\n0000000000 65535 f \n{}trailer\n<< /Size {} /Root 1 0 R /Info 7 0 R >>\nstartxref\n{}\n%%EOF\n",
      objects.size() + 1, table, objects.size() + 1, start);
  return out;
}

}  // namespace twin::feature
