// The frame of the HTML pages that reports are written as: nothing is fetched, light and dark follow the reader.
#pragma once

#include <string>
#include <string_view>

namespace twin::text {

/// What reports share: measures of the page, tables, the colours `--line` and `--accent`, `.scroll` and `.failed`.
extern const std::string_view report_style;

/// Up to and with <body>, in the language of the messages. `title` is plain text, `style` is CSS.
[[nodiscard]] std::string html_page_start(std::string_view title, std::string_view style);
/// What closes it.
[[nodiscard]] std::string_view html_page_end();

}  // namespace twin::text
