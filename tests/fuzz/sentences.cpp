// Sentence boundaries, language and shingles of any text.
#include "core/text/sentences.h"

#include "core/text/unicode.h"
#include "feature/dedup/shingles.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(sentences, bytes) {
  const std::string text = text::repair_utf8(bytes);
  std::size_t last = 0, covered = 0, solid = 0;
  const auto count = [](std::string_view part) {
    std::size_t bytes_of_text = 0;
    for (const auto& c : text::codepoints(part)) bytes_of_text += text::is_space(c.value) ? 0 : c.length;
    return bytes_of_text;
  };
  for (const text::Span& span : text::sentences(text)) {
    fuzz::require(span.start >= last && span.end > span.start && span.end <= text.size(), "sentences come in order");
    const std::string_view sentence = std::string_view(text).substr(span.start, span.end - span.start);
    fuzz::require(text::first_invalid_utf8(sentence) == std::string::npos, "no character is cut");
    covered += count(sentence);
    last = span.end;
  }
  solid = count(text);
  fuzz::require(covered == solid, "every character that is no space lies in a sentence");
  (void)text::guess_language(text);
  const auto set = feature::shingles(text);
  fuzz::require(feature::jaccard(set, set) == 1.0, "a text is like itself");
}
