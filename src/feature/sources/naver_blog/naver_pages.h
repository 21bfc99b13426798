// What Naver's blog service answers: the list of posts, and the pages of a post.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace twin::feature::naver {

struct Listed {
  std::string log_no;
  std::string title;
  std::string category_no;
};

struct TitleList {
  std::vector<Listed> posts;
  std::int64_t total = 0;
};

/// The JSON of PostTitleListAsync: with backslashes before characters that JSON does not know (\' and the like), and
/// titles encoded as in a form ("%EA%B0%80+b").
[[nodiscard]] Result<TitleList> parse_title_list(std::string_view answer);

/// What a page of a post says of it. PostView (SmartEditor 2, 3 and ONE) and the mobile page differ in all of it.
struct PostPage {
  bool has_body = false;  ///< one of the editors' containers stands in it and holds something
  std::string editor;     ///< the selector of that container
  std::string title, author, category;
  std::vector<std::string> tags;
  UnixMillis published = 0;
  std::string problem;  ///< what the page says instead: deleted, private …
};
[[nodiscard]] PostPage read_post_page(std::string_view html);

/// The blog's id in any address of the service; empty when there is none.
[[nodiscard]] std::string blog_id_of(const std::string& location);
/// The number of the post in an address of one; empty when there is none.
[[nodiscard]] std::string log_no_of(const std::string& location);
/// https://blog.naver.com/id/number: how a post is known, whatever page it was read from.
[[nodiscard]] std::string post_url(const std::string& blog_id, const std::string& log_no);

}  // namespace twin::feature::naver
