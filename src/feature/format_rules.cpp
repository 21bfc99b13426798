#include "feature/format_rules.h"

#include "core/config/binder.h"

namespace twin::feature {

void FormatRules::bind(config::Binder& b) {
  b.field("ocr", ocr, "Read images, and pages of PDFs that are only images, by OCR (needs tesseract)");
  b.field("ocr_languages", ocr_languages, "Languages of the writing in images, as tesseract names them");
  b.field("ocr_min_confidence", ocr_min_confidence, "Words that OCR is less sure of are left out, in percent",
          {.min = 0, .max = 100});
  b.field("ocr_max_pages", ocr_max_pages, "Pages of one PDF that are read by OCR", {.min = 1, .max = 10'000});
  b.field("notebook_outputs", notebook_outputs, "Also keep what the cells of Jupyter notebooks printed");
  b.field("notebook_output_characters", notebook_output_characters, "A longer output of one cell is cut", {.min = 1});
  b.field("program_seconds", program_seconds, "An outside program (pdftotext, tesseract) is ended after so long",
          {.min = 1, .max = 86'400});
  b.field("program_megabytes", program_megabytes, "Memory that an outside program may take", {.min = 64});
  b.field("max_unpacked_megabytes", max_unpacked_megabytes,
          "A DOCX, ODT or EPUB that unpacks to more, or a PDF with more text, is refused", {.min = 1});
  b.field("max_xml_depth", max_xml_depth, "Documents whose elements are nested deeper are refused",
          {.min = 16, .max = 1000});
}

}  // namespace twin::feature
