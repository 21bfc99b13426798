// Captions of videos, and their text as paragraphs.
#include "feature/sources/youtube/captions.h"

#include "core/text/unicode.h"
#include "fuzz.h"

using namespace twin;
using namespace twin::feature;

TWIN_FUZZ(captions, bytes) {
  const auto segments = youtube::parse_captions(bytes);
  if (!segments) return;
  std::size_t solid = 0;
  const auto count = [](std::string_view text) {
    std::size_t out = 0;
    for (const char c : text) out += c != ' ' && c != '\n';
    return out;
  };
  for (const auto& segment : *segments) {
    fuzz::require(!segment.text.empty() && segment.text.find('\n') == std::string::npos, "a segment is one line");
    fuzz::require(text::first_invalid_utf8(segment.text) == std::string::npos, "a segment is UTF-8");
    solid += count(segment.text);
  }
  fuzz::require(count(youtube::paragraphs(*segments, {})) == solid, "paragraphs lose no word");
}
