// How documents that are not text are read: PDF, DOCX, ODT, EPUB, notebooks, images. Part of a category's clean rules.
#pragma once

#include <string>

namespace twin::config {
class Binder;
}

namespace twin::feature {

struct FormatRules {
  bool ocr = false;                        ///< read images, and pages of PDFs that are images, with tesseract
  std::string ocr_languages = "kor+eng";   ///< as tesseract names them
  int ocr_min_confidence = 50;             ///< words below are left out and counted, 0 to 100
  int ocr_max_pages = 200;                 ///< of one PDF
  bool notebook_outputs = false;           ///< also keep what the cells of a notebook printed
  int notebook_output_characters = 2'000;  ///< of one cell; the rest is cut with a note
  int program_seconds = 120;               ///< for one run of an outside program (pdftotext, tesseract)
  int program_megabytes = 2'048;           ///< address space of an outside program
  int max_unpacked_megabytes = 512;        ///< of a DOCX, ODT or EPUB, and of the text of a PDF
  int max_xml_depth = 256;                 ///< elements nested deeper are refused
  void bind(config::Binder& b);
};

}  // namespace twin::feature
