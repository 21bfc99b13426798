// What is searched of a document: its prose view, and what OCR read in its pictures.
#pragma once

#include "feature/clean/clean.h"
#include "stores/warehouse/document.h"

namespace twin::feature {

/// The prose view of the body, byte by byte, and behind it, for each picture in which OCR read something, the headings
/// that the picture stands under, one that names it ("Picture (read by OCR): boot menu"), and what was read, by
/// paragraphs. Offsets of passages are bytes of this. Nothing behind prose_view(body).text is the author's writing.
/// `pictures` ends with an entry for each, Picture::read set, whose span is what was read.
[[nodiscard]] ProseView search_view(const stores::Document& document);

}  // namespace twin::feature
