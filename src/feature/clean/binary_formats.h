// Formats that are not text: documents in containers, and images.
#pragma once

#include <string_view>

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// Whether clean_binary() reads this media type.
[[nodiscard]] bool is_binary_format(std::string_view media_type);

/// PDF (poppler), DOCX, ODT, EPUB, and images (tesseract, when CleanRules::formats.ocr or the metadata "ocr" of the
/// document says so).
[[nodiscard]] Result<Cleaned> clean_binary(std::string_view media_type, const RawDocument& raw,
                                           const CleanRules& rules);

}  // namespace twin::feature
