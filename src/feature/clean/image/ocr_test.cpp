#include "feature/clean/image/ocr.h"

#include <doctest/doctest.h>

#include "core/process.h"
#include "feature/clean/pdf/pdf_for_test.h"

using namespace twin;
using namespace twin::feature;

namespace {

RawDocument image(std::string bytes, bool ocr) {
  RawDocument raw;
  raw.url = "file:///scans/a.png";
  raw.media_type = "image/png";
  raw.bytes = std::move(bytes);
  if (ocr) raw.metadata["ocr"] = "true";
  return raw;
}

/// A picture of text, drawn by poppler with a font of the PDF standard.
std::string picture() {
  const std::string content = "BT /F 24 Tf 1 0 0 1 60 700 Tm (Bread needs time and patience.) Tj ET\n";
  std::string pdf =
      "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 "
      ">>\nendobj\n"
      "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 4 0 R >> >> /Contents 5 "
      "0 R >>\nendobj\n"
      "4 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n5 0 obj\n<< /Length " +
      std::to_string(content.size()) + " >>\nstream\n" + content +
      "endstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";
  ProcessSpec spec;
  spec.argv = {"pdftoppm", "-png", "-gray", "-r", "150", "-singlefile", "-"};
  spec.stdin_text = pdf;
  const auto run = run_limited(spec, {.time = Millis{60'000}});
  REQUIRE_MESSAGE(run, "poppler-utils is not installed: run 'make setup'");
  REQUIRE(run->out.size() > 1000);
  return run->out;
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

  CHECK_FALSE(clean(image("\x89PNG\r\n\x1a\n broken", true), rules));
  rules.formats.ocr_languages = "eng+xxx_yyy";
  const auto language = clean(image(picture(), true), rules);
  if (!language) CHECK(language.error().hint.find("tesseract-ocr-xxx-yyy") != std::string::npos);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto missing = clean(image("x", true), {});
  ::setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().hint == "apt-get install tesseract-ocr tesseract-ocr-kor tesseract-ocr-eng");
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
