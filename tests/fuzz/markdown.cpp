// Markdown with front matter → views, chunks.
#include "check.h"

TWIN_FUZZ(markdown, bytes) {
  twin::fuzz::clean_as("text/markdown", bytes);
}
