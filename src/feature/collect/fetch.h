// What an answer means: content, or an error in words.
#pragma once

#include "core/clock.h"
#include "core/http/http.h"
#include "core/result.h"

namespace twin::feature {

/// For clients that do not try again by themselves, as PoliteHttp does.
struct FetchPolicy {
  int attempts = 1;
  Millis first_pause{1'000};     ///< doubled after each failure
  Millis longest_pause{60'000};  ///< also for Retry-After; a server that asks for more is given up
};

/// 2xx and 304 are values. Any other status is ErrorKind::network (404 and 410: not_found) with its meaning in the
/// message. With more than one attempt, network failures, 429 and 5xx are tried again.
[[nodiscard]] Result<HttpResponse> fetch(HttpClient& http, Clock& clock, const HttpRequest& request,
                                         const FetchPolicy& policy = {});

}  // namespace twin::feature
