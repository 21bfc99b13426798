// What pdftotext makes of a PDF: its words come from the file as they are.
#include "check.h"
#include "feature/clean/pdf/page.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(pdf_pages, bytes) {
  auto pages = pdf::parse_pages(bytes, {});
  if (!pages) {
    fuzz::require(!pages.error().message.empty(), "an error says what happened");
    return;
  }
  const bool several = pages->size() > 1;  // of one page its number is furniture, too
  for (const auto& furniture : pdf::remove_furniture(*pages)) {
    fuzz::require(furniture.pages > (several ? 1 : 0), "what stands on one page of several is no furniture");
  }
  fuzz::require_sound_views(text::nfc(text::repair_utf8(pdf::markdown_of(*pages))));
}
