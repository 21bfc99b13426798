// Test help: pictures of words.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "core/process.h"

namespace twin::feature::testing {

/// A picture of text at 150 dpi, drawn by poppler with a font of the PDF standard: a PNG, or a PGM.
inline std::string picture(bool png = true, const std::string& text = "Bread needs time and patience.") {
  const std::string content = "BT /F 24 Tf 1 0 0 1 60 700 Tm (" + text + ") Tj ET\n";
  std::string pdf =
      "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 "
      ">>\nendobj\n"
      "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 4 0 R >> >> /Contents 5 "
      "0 R >>\nendobj\n"
      "4 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n5 0 obj\n<< /Length " +
      std::to_string(content.size()) + " >>\nstream\n" + content +
      "endstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";
  ProcessSpec spec;
  spec.argv = {"pdftoppm", "-gray", "-r", "150", "-singlefile", "-"};
  if (png) spec.argv.insert(spec.argv.begin() + 1, "-png");
  spec.stdin_text = pdf;
  const auto run = run_limited(spec, {.time = Millis{60'000}});
  REQUIRE_MESSAGE(run, "poppler-utils is not installed: run 'make setup'");
  REQUIRE(run->out.size() > 1000);
  return run->out;
}

}  // namespace twin::feature::testing
