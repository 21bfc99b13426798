// RSS, Atom and RDF.
#include "feature/sources/feed/feed_parser.h"

#include "core/text/unicode.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(feed, bytes) {
  constexpr std::size_t most = 100;
  const auto feed = feature::parse_feed(bytes, {.max_entries = most});
  if (!feed) {
    fuzz::require(!feed.error().message.empty(), "an error says what happened");
    return;
  }
  fuzz::require(feed->entries.size() <= most, "no more entries than asked for");
}
