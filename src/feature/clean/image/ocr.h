// Writing in images, by tesseract.
#pragma once

#include <string>

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

struct OcrText {
  std::string markdown;
  int unsure = 0;  ///< words left out because tesseract was less sure than the rules ask for
};

/// An image in any format that tesseract reads, as paragraphs.
[[nodiscard]] Result<OcrText> read_image(const std::string& bytes, const FormatRules& rules);

/// tesseract's table of words (its "tsv" output) as paragraphs.
[[nodiscard]] OcrText read_tsv(const std::string& tsv, int min_confidence);

/// An image as a document; refused unless OCR is asked for.
[[nodiscard]] Result<Cleaned> clean_image(const RawDocument& raw, const FormatRules& rules, bool ocr);

}  // namespace twin::feature
