// JSON Feed.
#include "core/text/unicode.h"
#include "feature/sources/feed/feed_parser.h"
#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(json_feed, bytes) {
  constexpr std::size_t most = 100;
  const auto feed = feature::parse_json_feed(text::repair_utf8(bytes), {.max_entries = most});
  if (!feed) {
    fuzz::require(!feed.error().message.empty(), "an error says what happened");
    return;
  }
  fuzz::require(feed->entries.size() <= most, "no more entries than asked for");
  for (const auto& entry : feed->entries) {
    fuzz::require(text::first_invalid_utf8(entry.title + entry.content) == std::string::npos, "an entry is UTF-8");
    (void)feature::is_excerpt(entry);
  }
}
