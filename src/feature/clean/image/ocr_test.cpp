#include "feature/clean/image/ocr.h"

#include <doctest/doctest.h>

#include "feature/clean/image/picture_for_test.h"
#include "feature/clean/pdf/pdf_for_test.h"

using namespace twin;
using namespace twin::feature;

using twin::feature::testing::picture;

namespace {

RawDocument image(std::string bytes, bool ocr) {
  RawDocument raw;
  raw.url = "file:///scans/a.png";
  raw.media_type = "image/png";
  raw.bytes = std::move(bytes);
  if (ocr) raw.metadata["ocr"] = "true";
  return raw;
}

/// A PDF as a scanner makes it: each page is one picture, and there is no text.
RawDocument scanned(const std::vector<std::string>& pages) {
  std::string kids, objects;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string pgm = picture(false, pages[i]);  // "P5\nWIDTH HEIGHT\n255\n" and a byte for each pixel
    const std::size_t size = pgm.find('\n') + 1, space = pgm.find(' ', size), line = pgm.find('\n', space);
    const std::string pixels = pgm.substr(pgm.find('\n', line + 1) + 1);
    const std::size_t page = 3 + 3 * i;
    kids += fmt::format("{} 0 R ", page);
    objects += fmt::format(
        "{} 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /I {} 0 R >> >> "
        "/Contents {} 0 R >>\nendobj\n",
        page, page + 1, page + 2);
    objects += fmt::format(
        "{} 0 obj\n<< /Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace /DeviceGray /BitsPerComponent 8 "
        "/Length {} >>\nstream\n{}\nendstream\nendobj\n",
        page + 1, pgm.substr(size, space - size), pgm.substr(space + 1, line - space - 1), pixels.size(), pixels);
    const std::string content = "595 0 0 842 0 0 cm /I Do";
    objects +=
        fmt::format("{} 0 obj\n<< /Length {} >>\nstream\n{}\nendstream\nendobj\n", page + 2, content.size(), content);
  }
  RawDocument raw;
  raw.url = "file:///scans/a.pdf";
  raw.media_type = "application/pdf";
  raw.bytes = fmt::format(
      "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [{}] /Count {} "
      ">>\nendobj\n{}trailer\n<< /Root 1 0 R >>\n%%EOF\n",
      kids, pages.size(), objects);
  return raw;
}

}  // namespace

TEST_CASE("images are read only when asked for") {
  const auto refused = clean(image("\x89PNG", false), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().hint.find("ocr: true") != std::string::npos);
}

TEST_CASE("the writing in a picture is read by tesseract; a broken picture is an error") {
  CleanRules rules;
  rules.formats.ocr_languages = "eng";
  const auto out = clean(image(picture(), true), rules);
  REQUIRE_MESSAGE(out, (out ? std::string() : out.error().text()));
  CHECK(out->markdown.find("Bread needs time and patience") != std::string::npos);
  CHECK(out->metadata.at("ocr_languages") == "eng");

  const auto broken = clean(image("\x89PNG\r\n\x1a\n broken", true), rules);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().kind == ErrorKind::invalid);
  CHECK(broken.error().message.find("The image cannot be read") != std::string::npos);
  CHECK(broken.error().where == "file:///scans/a.png");
  // One language that is not installed beside one that is: tesseract alone would read Korean as English.
  for (const char* languages : {"xxx_yyy", "eng+xxx_yyy"}) {
    CAPTURE(languages);
    rules.formats.ocr_languages = languages;
    const auto language = clean(image(picture(), true), rules);
    REQUIRE_FALSE(language);
    CHECK(language.error().kind == ErrorKind::not_found);
    CHECK(language.error().message.find(languages) != std::string::npos);
    CHECK(language.error().hint.find("tesseract-ocr-xxx-yyy") != std::string::npos);
    CHECK(language.error().where == "file:///scans/a.png");
  }
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto missing = clean(image("x", true), {});
  ::setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().hint == "apt-get install tesseract-ocr tesseract-ocr-kor tesseract-ocr-eng");
}

TEST_CASE("a scanned PDF: named as such without OCR, read with it, up to the limit of pages") {
  const RawDocument raw = scanned({"Bread needs time and patience.", "Salt comes later."});
  CleanRules rules;
  rules.formats.ocr_languages = "eng";
  const auto refused = clean(raw, rules);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid);
  CHECK(refused.error().message.find("its pages are images") != std::string::npos);
  CHECK(refused.error().hint.find("ocr: true") != std::string::npos);

  rules.formats.ocr = true;
  const auto both = clean(raw, rules);
  REQUIRE_MESSAGE(both, (both ? std::string() : both.error().text()));
  CHECK(both->markdown == "Bread needs time and patience.\n\nSalt comes later.");
  CHECK(both->metadata.at("ocr_languages") == "eng");
  REQUIRE(both->notes.size() == 1);
  CHECK(both->notes[0].message.find("2 pages were read by OCR") != std::string::npos);

  rules.formats.ocr_max_pages = 1;
  const auto first = clean(raw, rules);
  REQUIRE(first);
  CHECK(first->markdown == "Bread needs time and patience.");
  REQUIRE(first->notes.size() == 2);
  CHECK(first->notes[1].kind == ErrorKind::limit);
  CHECK(first->notes[1].message.find("1 pages beyond ocr_max_pages") != std::string::npos);

  rules.formats.ocr_languages = "eng+xxx_yyy";
  const auto language = clean(raw, rules);
  REQUIRE_FALSE(language);
  CHECK(language.error().kind == ErrorKind::not_found);
  CHECK(language.error().where == "file:///scans/a.pdf");
}

TEST_CASE("tesseract's table: paragraphs, lines joined, unsure words left out and counted") {
  const std::string head =
      "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n";
  const auto word = [](int paragraph, int line, const char* confidence, const char* text) {
    return fmt::format("5\t1\t1\t{}\t{}\t1\t0\t0\t9\t9\t{}\t{}\n", paragraph, line, confidence, text);
  };
  const auto out = read_tsv(head + "2\t1\t1\t0\t0\t0\t0\t0\t9\t9\t-1\t\n" + word(1, 1, "96.5", "빵은") +
                                word(1, 1, "91", "시간이다.") + word(1, 2, "12.0", "~|") +
                                word(1, 2, "88.1", "기다린다.") + word(2, 1, "95", "# 소금") + "5\tbroken\n",
                            50);
  CHECK(out.markdown == "빵은 시간이다. 기다린다.\n\n\\# 소금");
  CHECK(out.unsure == 1);
}
