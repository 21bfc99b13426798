// Dates as pages show them: ISO, numbers with dots or slashes, names of months, Korean.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace twin::feature::html {

struct PageDate {
  UnixMillis time = 0;  ///< midnight UTC where the page names no time
  std::string day;      ///< "2024-03-05", as the page names it, in its own time zone
};

/// A date in a machine's form: RFC 3339, RFC 822, "2024-03-05 10:00", "20240305".
[[nodiscard]] std::optional<PageDate> machine_date(std::string_view text);

/// The first date in a text for people: "2024. 3. 5.", "2024년 3월 5일", "5 March 2024", "Mar 5th, 2024", "05.03.2024",
/// "2024/03/05". "03/05/2024" is March 5. Years from 1990 to 2099; `end`, when given, takes where the date ends.
[[nodiscard]] std::optional<PageDate> visible_date(std::string_view text, std::size_t* end = nullptr);

/// A date in the path of a URL: /2024/03/05/, /2024-03-05-title, /20240305/.
[[nodiscard]] std::optional<PageDate> url_date(std::string_view url);

}  // namespace twin::feature::html
