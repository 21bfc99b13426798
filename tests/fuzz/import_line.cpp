// A line of `twin docs import`: users and documents as JSON.
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "fuzz.h"
#include "stores/warehouse/document.h"

using namespace twin;

TWIN_FUZZ(import_line, bytes) {
  Json json = Json::parse(bytes, nullptr, false);
  if (json.is_discarded()) return;
  if (json.is_object()) json.erase("type");
  if (const auto document = stores::document_from_json(json)) {
    const auto again = stores::document_from_json(stores::to_json(*document));
    fuzz::require(again.has_value(), "what was written can be read");
    fuzz::require(stores::to_json(*again) == stores::to_json(*document), "and is the same");
  }
  if (const auto user = stores::user_from_json(json)) {
    fuzz::require(stores::user_from_json(stores::to_json(*user)).has_value(), "a user comes back");
  }
}
