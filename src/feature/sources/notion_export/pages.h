// Names, links and properties in an export of Notion.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace twin::feature::notion {

/// "여행 계획 0123456789abcdef0123456789abcdef_all.csv" taken apart.
struct Name {
  std::string title;
  std::string id;  ///< 32 hexadecimal digits; empty: none
};
[[nodiscard]] Name parse_name(const std::string& file_name);

/// Links between exported files ("Sub%20page%20<id>.md", in Markdown or HTML) become links to the pages' addresses.
[[nodiscard]] std::string with_page_links(const std::string& text);

/// The lines "Key: value" between the title and the text of a page that is a row of a database; they are taken out of
/// `markdown`.
[[nodiscard]] std::map<std::string, std::string> take_properties(std::string& markdown);

/// "January 5, 2024 3:12 PM", "2024년 1월 5일 오후 3:12", "2024/01/05", ISO 8601; 0 for what is no date. Without an
/// offset it is taken as UTC.
[[nodiscard]] UnixMillis parse_date(const std::string& text);

}  // namespace twin::feature::notion
