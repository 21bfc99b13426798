// Dates as people and sites write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace twin::feature::pages {

/// With `formats`: the first of them that is found anywhere in the text. Without: the whole text by RFC 3339, RFC 822
/// or a usual form (2024-05-01 09:30, 2024. 5. 1. 오후 3:20, 2024년 5월 1일, May 1, 2024 …). A date without a zone is
/// taken at `offset` minutes east of Greenwich, one without a time at midnight.
///
/// Conversions of a format are those of strptime(3): %Y %y %m %d %b %B %H %I %M %S %p %z %a %A %s %%. Numbers may lack
/// leading zeros; white space matches any amount, also none; %p knows AM, PM, 오전 and 오후.
[[nodiscard]] std::optional<UnixMillis> parse_date(std::string_view text, const std::vector<std::string>& formats,
                                                   int offset);

/// Minutes of "+09:00", "-0330", "+09" or "Z".
[[nodiscard]] std::optional<int> offset_minutes(std::string_view text);

/// For config: what is wrong with a format or an offset, or nothing.
[[nodiscard]] std::string format_problem(const std::string& format);
[[nodiscard]] std::string timezone_problem(const std::string& offset);

}  // namespace twin::feature::pages
