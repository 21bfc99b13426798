// A picture in a document's text: the words that stand for it there, and where it lies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/sentences.h"

namespace twin::feature {

/// A picture that a text shows. Of what OCR read in one, see search_view().
struct Picture {
  text::Span span;     ///< bytes of the text: alternative text and title; empty, at its place, where it has neither
  std::string source;  ///< its link as the document has it; of a data: URL its type alone
  bool read = false;   ///< `span` is what OCR read in it, which the author did not write
};

/// What a text says in a picture's place: the alternative text, with the title in brackets where it says more.
[[nodiscard]] std::string words_of_picture(std::string_view alternative, std::string_view title);

/// The link of a picture as Picture::source keeps it.
[[nodiscard]] std::string picture_source(std::string_view link);

/// The text of a piece of HTML in Markdown as a reader sees it, pictures by their words; fills `pictures`. White space
/// stays as it is. Empty when it cannot be parsed.
[[nodiscard]] std::string text_of_html(std::string_view html, std::vector<Picture>& pictures);

/// The lines of a text without white space at their ends, those that are empty left out; pictures keep their words.
[[nodiscard]] std::string join_trimmed_lines(std::string_view text, char between, std::vector<Picture>& pictures);

}  // namespace twin::feature
