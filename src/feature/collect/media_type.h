// What kind of text a file is, by its name.
#pragma once

#include <string>
#include <string_view>

namespace twin::feature {

/// "text/markdown", "text/html", "text/plain" (also reStructuredText and AsciiDoc), "text/x-<language>" for source
/// code; empty for names that are no text that Twin reads.
[[nodiscard]] std::string media_type_of(std::string_view file_name);

/// Whether the type is prose, not code.
[[nodiscard]] bool is_document_type(std::string_view media_type);

}  // namespace twin::feature
