// What Brunch's list of articles and its pages say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature::brunch {

struct Listed {
  std::string number;  ///< of the article: brunch.co.kr/@user/12
  std::string title, subtitle, author, magazine;
  std::vector<std::string> keywords;
  std::string updated;       ///< changes with the article; may be empty
  std::string publish_time;  ///< as the API has it: `lastTime` of the next page
  UnixMillis published = 0;
  bool public_status = true;
};

struct Page {
  std::vector<Listed> articles;
  bool more = true;  ///< the API does not say that this is the last one
};

/// The JSON of api.brunch.co.kr/v2/article/@user.
[[nodiscard]] Result<Page> parse_list(std::string_view answer);

/// The address of the writer's feed as the profile page links it; empty when it does not.
[[nodiscard]] std::string feed_of_profile(std::string_view html);

struct PostPage {
  bool has_body = false;
  std::string title, author;
  UnixMillis published = 0;
  std::vector<std::string> keywords;
};
[[nodiscard]] PostPage read_post_page(std::string_view html);

}  // namespace twin::feature::brunch
