// What Velog's GraphQL service is asked, and what its answers mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature::velog {

inline constexpr const char* endpoint = "https://v2.velog.io/graphql";

/// A post as it stands in the listing.
struct Listed {
  std::string id;
  std::string slug;     ///< as it stands in the address, not encoded
  std::string updated;  ///< as written
  bool hidden = false;  ///< private, or not published yet
};

struct Post {
  std::string slug, title, body, author, username, series;
  bool markdown = true;
  bool hidden = false;
  std::vector<std::string> tags;
  UnixMillis released = 0, updated = 0;
  std::string short_description;
};

/// Body of the POST that asks for the page of posts after `cursor` (the id of the last one; empty: from the newest).
[[nodiscard]] std::string posts_query(const std::string& username, const std::string& cursor, int limit);
[[nodiscard]] std::string post_query(const std::string& username, const std::string& slug);

/// Errors of GraphQL ({"errors": […]}, status 200) are ErrorKind::network with the service's own words.
[[nodiscard]] Result<std::vector<Listed>> parse_posts(std::string_view answer);
/// A post that is gone or not public comes as null: ErrorKind::not_found.
[[nodiscard]] Result<Post> parse_post(std::string_view answer);

/// https://velog.io/@user/slug, the slug percent-encoded.
[[nodiscard]] std::string post_url(const std::string& username, const std::string& slug);

}  // namespace twin::feature::velog
