// YAML at the head of a Markdown file.
#include "feature/clean/front_matter.h"

#include "core/text/unicode.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(front_matter, bytes) {
  const std::string text = text::repair_utf8(bytes);
  const auto front = feature::read_front_matter(text);
  fuzz::require(front.length <= text.size(), "front matter lies in the text");
  fuzz::require(front.length > 0 || front.values.empty(), "no front matter, no values");
}
