// The frame of the HTML pages that reports are written as: nothing is fetched, light and dark follow the reader.
#pragma once

#include <string>
#include <string_view>

namespace twin::text {

/// Up to and with <body>, in the language of the messages. `title` is plain text, `style` is CSS.
[[nodiscard]] std::string html_page_start(std::string_view title, std::string_view style);
/// The same, and the title as heading, with what reports share before `style`: measures of the page, tables, the
/// colours `--line` and `--accent`, `.scroll` and `.failed`.
[[nodiscard]] std::string report_page_start(std::string_view title, std::string_view style);
/// What closes it.
[[nodiscard]] std::string_view html_page_end();

}  // namespace twin::text
