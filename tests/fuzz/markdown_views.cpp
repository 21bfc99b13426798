// Markdown as the warehouse holds it (imported, so not always of our making) → views and chunks.
#include "check.h"

TWIN_FUZZ(markdown_views, bytes) {
  const std::string markdown = twin::text::nfc(twin::text::repair_utf8(bytes));
  twin::fuzz::require_sound_views(markdown);
  twin::fuzz::require_utf8(twin::feature::retrieval_view("T", {"H"}, markdown), "the retrieval view is UTF-8");
}
