// Times as Korean services write them: without a zone, meaning Korea's.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace twin::feature::web {

/// "2024. 3. 11. 9:27", "2024.03.11 09:27:45", "2024. 3. 11.", "20240311092745", "2024년 3월 11일 오후 2:05" in Korea's
/// time (UTC+9, no summer time since 1988). Relative ones ("3시간 전") say nothing that lasts: nullopt.
[[nodiscard]] std::optional<UnixMillis> parse_korean_time(std::string_view text);

}  // namespace twin::feature::web
