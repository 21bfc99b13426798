// The pictures that a document shows and whose bytes are kept, so that they can be searched by what they show.
#pragma once

#include <string>
#include <vector>

#include "stores/warehouse/document.h"

namespace twin::stores {

struct ShownPicture {
  std::string source;  ///< its link as the document's body has it
  std::string sha256;  ///< of its bytes, which lie in Warehouse::objects()
  friend bool operator==(const ShownPicture&, const ShownPicture&) = default;
};

/// Key of Document::metadata under which they are kept, as JSON. Part of the content hash: other pictures make another
/// version of the document.
inline constexpr const char* shown_pictures_key = "shown_pictures";

/// In order of their place; empty when there is none, or the metadata holds something else.
[[nodiscard]] std::vector<ShownPicture> shown_pictures(const Document& document);
/// An empty list leaves no trace.
void set_shown_pictures(Document& document, const std::vector<ShownPicture>& pictures);

}  // namespace twin::stores
