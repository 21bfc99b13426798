// One chapter of an EPUB.
#pragma once

#include <string>

namespace twin::feature::epub {

/// XHTML as an HTML parser reads it right: `<a id="x"/>` and `<title/>` get end tags, and <aside> with a note becomes a
/// <div>, so that it is not taken for a side bar. What is not well-formed XML comes back as it is.
[[nodiscard]] std::string html_of(const std::string& xhtml);

/// Footnote labels of a chapter made unique in the book: "[^1]" → "[^3-1]". Code and what is no footnote stay.
[[nodiscard]] std::string with_labels(const std::string& markdown, const std::string& prefix);

}  // namespace twin::feature::epub
