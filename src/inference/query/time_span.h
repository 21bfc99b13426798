// A time that a question speaks of: "in March 2021", "since 2019", "last month", "2021년 3월에", "작년에", "최근
// 3개월".
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace twin::inference {

struct TimeSpan {
  UnixMillis from = 0, before = 0;  ///< the latter not included; 0: no such bound
  std::size_t start = 0, end = 0;   ///< bytes of the text that say so
};

/// The first one of a text, in days of UTC; `now` is what "last year" is counted from. Years are 1970 to 2099.
[[nodiscard]] std::optional<TimeSpan> find_time_span(std::string_view utf8, UnixMillis now);

}  // namespace twin::inference
