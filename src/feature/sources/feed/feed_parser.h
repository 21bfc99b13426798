// RSS 0.9x, 1.0 (RDF) and 2.0, Atom (RFC 4287) and JSON Feed 1.1 → entries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature {

struct FeedLimits {
  std::size_t max_entries = 10'000;
};

struct FeedEntry {
  std::string id;    ///< guid or atom:id
  std::string link;  ///< as written; may be relative
  std::string title;
  std::string content;
  std::string media_type;  ///< of the content: text/html or text/plain
  bool summary = false;    ///< the feed gives only a summary of this entry
  std::vector<std::string> authors;
  std::vector<std::string> tags;
  std::string language;
  UnixMillis published = 0;
  UnixMillis updated = 0;
};

struct Feed {
  std::string title;
  std::string link;
  std::string language;
  std::string next;                ///< where older entries are (RFC 5005, next_url); as written, mostly empty
  std::vector<FeedEntry> entries;  ///< in the order of the feed
  std::size_t left_out = 0;        ///< entries beyond the limit
  std::string problem;             ///< why the rest could not be read; empty: all was
};

/// Parses with pugixml: it never expands entities of a DTD nor loads anything, needs no recursion, and takes memory in
/// proportion to the input. Encodings it does not know (EUC-KR …) are converted before. Of a feed that is broken in the
/// middle, the entries before are kept.
[[nodiscard]] Result<Feed> parse_feed(std::string_view bytes, const FeedLimits& limits = {});
/// JSON Feed 1 and 1.1 (jsonfeed.org); called by parse_feed() for what begins with "{".
[[nodiscard]] Result<Feed> parse_json_feed(std::string_view utf8, const FeedLimits& limits);

/// Whether what the feed gives of an entry is only its beginning. RSS has one element for both, so this judges the
/// text: an ellipsis or "read more" at its end, or little text without any paragraph. Full posts in <description>
/// (Velog, Tistory) are none.
[[nodiscard]] bool is_excerpt(const FeedEntry& entry);

}  // namespace twin::feature
