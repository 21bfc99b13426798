// Word documents (ECMA-376, "Office Open XML") → Markdown.
#pragma once

#include "core/result.h"
#include "feature/clean/clean.h"

namespace twin::feature {

/// Headings, lists with their numbers, tables, footnotes and endnotes, links, images by their description, code by its
/// style. Of tracked changes the final text; comments, hidden text, the table of contents, page headers and footers are
/// left out. Metadata from docProps/core.xml.
[[nodiscard]] Result<Cleaned> clean_docx(const RawDocument& raw, const FormatRules& rules);

}  // namespace twin::feature
