// Addresses and pages of Tistory blogs, whatever their skin.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace twin::feature::tistory {

/// The path of a post without the mobile prefix: "/m/12" → "/12", "/m/entry/slug" → "/entry/slug". Empty for what is no
/// post: lists, tags, the guest book. Notices ("/notice/3") and pages ("/pages/about") count when asked for.
[[nodiscard]] std::string post_path(const std::string& path, bool pages);

/// What the service itself puts into each page, around the skin.
struct PostPage {
  std::string entry_id;  ///< the same for /12 and /entry/slug; empty when the page does not say
  std::string title, author, category;
  std::vector<std::string> tags;
  UnixMillis published = 0, modified = 0;
  bool is_protected = false;  ///< asks for a password
};
[[nodiscard]] PostPage read_post_page(std::string_view html);

}  // namespace twin::feature::tistory
