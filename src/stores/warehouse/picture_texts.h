// What OCR read in the pictures of a document. It is not the author's writing: it is searched, never trained on.
#pragma once

#include <string>
#include <vector>

#include "stores/warehouse/document.h"

namespace twin::stores {

/// The writing in one picture.
struct PictureText {
  std::string source;    ///< its link as the document's body has it
  std::string sha256;    ///< of its bytes
  std::string markdown;  ///< paragraphs
  friend bool operator==(const PictureText&, const PictureText&) = default;
};

/// Key of Document::metadata under which it is kept, as JSON. Part of the content hash: pictures that say something
/// else make another version of the document.
inline constexpr const char* picture_texts_key = "read_in_pictures";

/// In order of their place; empty when there is none, or the metadata holds something else.
[[nodiscard]] std::vector<PictureText> picture_texts(const Document& document);
/// An empty list leaves no trace.
void set_picture_texts(Document& document, const std::vector<PictureText>& texts);

}  // namespace twin::stores
