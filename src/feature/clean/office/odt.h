// OpenDocument text (ISO/IEC 26300) → Markdown.
#pragma once

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// As clean_docx(): headings, lists, tables, notes, links, images by their description, code by its style; tracked
/// deletions, comments and the table of contents are left out. Metadata from meta.xml.
[[nodiscard]] Result<Cleaned> clean_odt(const RawDocument& raw, const FormatRules& rules);

}  // namespace twin::feature
