// What the class and id of an element tell about it: authors of pages name comments "comments" and articles "article".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "feature/clean/page_map.h"

namespace twin::feature::html {

/// What a name may say. The first group is never the writing itself; `body` and `content` may be.
enum Hint : std::uint32_t {
  hint_comments = 1u << 0,
  hint_share = 1u << 1,
  hint_related = 1u << 2,
  hint_navigation = 1u << 3,
  hint_advertising = 1u << 4,
  hint_promotion = 1u << 5,  ///< newsletter, subscription, donation
  hint_author = 1u << 6,     ///< the box about the author
  hint_tags = 1u << 7,
  hint_byline = 1u << 8,  ///< date, author, reading time
  hint_sidebar = 1u << 9,
  hint_legal = 1u << 10,      ///< page footer, copyright, cookies
  hint_interface = 1u << 11,  ///< dialogs, search, print, ratings
  hint_contents = 1u << 12,   ///< table of contents
  hint_credit = 1u << 13,     ///< who made a picture
  hint_teaser = 1u << 14,     ///< other articles, or the lead of this one
  hint_header = 1u << 15,
  hint_body = 1u << 20,     ///< the text of the article, as engines call it
  hint_content = 1u << 21,  ///< some content
  hint_lead = 1u << 22,     ///< introduction of the article
  hint_hidden = 1u << 23,
  hint_name_of_author = 1u << 24,
  hint_date = 1u << 25,
};

/// In words, for the list of what was removed: "comments", "share"; empty for what is no ground for removal.
[[nodiscard]] std::string_view hint_name(std::uint32_t hint);

/// Reads names; each distinct one once.
class HintReader {
 public:
  /// Bits of Hint for an attribute's value ("post-body entry-content").
  [[nodiscard]] std::uint32_t read(std::string_view names);

 private:
  std::unordered_map<std::string_view, std::uint32_t> seen_;  ///< views of the page's own attributes
};

/// Fills Element::hints of the whole page.
void read_hints(PageMap& page);

}  // namespace twin::feature::html
