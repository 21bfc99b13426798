// What is known of a document as a list, within its metadata.
#pragma once

#include "core/json.h"
#include "stores/warehouse/document.h"

namespace twin::stores {

/// The objects of the JSON list under this key; an empty list when there is none, or the metadata holds something else.
[[nodiscard]] Json objects_in_metadata(const Document& document, const char* key);
/// An empty list leaves no trace.
void set_in_metadata(Document& document, const char* key, const Json& list);

}  // namespace twin::stores
