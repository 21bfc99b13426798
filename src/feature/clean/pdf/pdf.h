// PDF → Markdown, by poppler's programs.
#pragma once

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// Text in reading order: headings by letter size, paragraphs joined over lines, columns and pages, hyphenation undone,
/// repeated headers, footers and page numbers removed (recorded). Title, author and dates from the file. A PDF of
/// images needs FormatRules::ocr; an encrypted one is ErrorKind::invalid.
[[nodiscard]] Result<Cleaned> clean_pdf(const RawDocument& raw, const FormatRules& rules, bool ocr);

}  // namespace twin::feature
