// What kind of text a file is, by its name.
#pragma once

#include <string>
#include <string_view>

namespace twin::feature {

/// "text/markdown", "text/html", "text/plain" (also reStructuredText and AsciiDoc), "text/x-<language>" for source
/// code, "application/pdf" and the like for documents, "image/png" …; empty for names of what Twin does not read.
[[nodiscard]] std::string media_type_of(std::string_view file_name);

/// Whether the type is prose, not code: text, and documents that hold text (PDF, DOCX, ODT, EPUB, notebooks).
[[nodiscard]] bool is_document_type(std::string_view media_type);

/// Images: they hold writing only for OCR.
[[nodiscard]] bool is_image_type(std::string_view media_type);

}  // namespace twin::feature
