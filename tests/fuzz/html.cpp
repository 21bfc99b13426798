// HTML of any page → Markdown, views, chunks.
#include "check.h"

TWIN_FUZZ(html, bytes) {
  twin::fuzz::clean_as("text/html", bytes);
}
