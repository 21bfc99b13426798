// When a failed request is tried again, and after which pause.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/http/http.h"

namespace twin::feature {

/// 429 and 5xx that may pass: not 501 (not implemented) and 505 (HTTP version).
[[nodiscard]] bool may_pass(int status);

/// What the server asks for by Retry-After (RFC 9110, 10.2.3): seconds or a date; nullopt when it says nothing or
/// something else. At most ten years.
[[nodiscard]] std::optional<Millis> retry_after(const HttpResponse& response, const Clock& clock);

/// Exponential backoff with full jitter: evenly distributed from zero to min(longest, first * 2^(failures - 1)). The
/// same seed and URL give the same pauses, whatever other threads do.
struct Backoff {
  Millis first{1'000};
  Millis longest{60'000};
  std::int64_t seed = 1;
  [[nodiscard]] Millis pause(int failures, std::string_view url) const;
};

}  // namespace twin::feature
