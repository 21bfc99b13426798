// JSON Feed 1 and 1.1.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/web/json.h"

namespace twin::feature {
namespace {

using web::member;
using web::string_of;

/// 1.1 has a list, 1 one object.
std::vector<std::string> authors_of(const Json& value) {
  auto names = web::strings_of(member(value, "authors"), "name");
  if (names.empty()) {
    if (auto name = string_of(member(value, "author"), "name"); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

FeedEntry entry_of(const Json& item) {
  FeedEntry entry;
  entry.id = string_of(item, "id");
  entry.link = string_of(item, "url");
  if (entry.link.empty()) entry.link = string_of(item, "external_url");
  if (entry.link.empty() && entry.id.find("://") != std::string::npos) entry.link = entry.id;
  entry.title = string_of(item, "title");
  entry.content = string_of(item, "content_html");
  entry.media_type = "text/html";
  if (entry.content.empty()) {
    entry.content = string_of(item, "content_text");
    entry.media_type = "text/plain";
  }
  if (entry.content.empty()) {
    entry.content = string_of(item, "summary");
    entry.summary = !entry.content.empty();
  }
  entry.authors = authors_of(item);
  entry.tags = web::strings_of(member(item, "tags"));
  entry.language = string_of(item, "language");
  entry.published = web::time_of(member(item, "date_published"));
  entry.updated = web::time_of(member(item, "date_modified"));
  if (entry.published == 0) entry.published = entry.updated;
  return entry;
}

}  // namespace

Result<Feed> parse_json_feed(std::string_view utf8, const FeedLimits& limits) {
  const auto json = web::parse_json(utf8, {});
  if (!json) return tl::unexpected(json.error());
  if (string_of(*json, "version").find("jsonfeed.org/version/") == std::string::npos) {
    return fail(ErrorKind::invalid, tr("This is JSON but no JSON Feed"), {},
                tr("Give the address of the feed itself; pages often link it as RSS"));
  }
  Feed feed;
  feed.title = string_of(*json, "title");
  feed.link = string_of(*json, "home_page_url");
  feed.language = string_of(*json, "language");
  feed.next = string_of(*json, "next_url");
  const auto authors = authors_of(*json);
  const Json& items = member(*json, "items");
  if (!items.is_array()) return feed;
  for (const auto& item : items) {
    if (feed.entries.size() >= limits.max_entries) {
      ++feed.left_out;
      continue;
    }
    FeedEntry entry = entry_of(item);
    if (entry.authors.empty()) entry.authors = authors;
    if (entry.language.empty()) entry.language = feed.language;
    feed.entries.push_back(std::move(entry));
  }
  return feed;
}

}  // namespace twin::feature
