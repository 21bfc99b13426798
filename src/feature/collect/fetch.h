// Polite GET: retries with growing pauses, what the server asks for respected.
#pragma once

#include "core/clock.h"
#include "core/http/http.h"
#include "core/result.h"

namespace twin::feature {

struct FetchPolicy {
  int attempts = 3;
  Millis first_pause{1'000};     ///< doubled after each failure
  Millis longest_pause{60'000};  ///< also for Retry-After; a server that asks for more is given up
};

/// 2xx and 304 are values. Network failures, 429 and 5xx are tried again; any other status is ErrorKind::network (404
/// and 410: not_found) with its meaning in the message.
[[nodiscard]] Result<HttpResponse> fetch(HttpClient& http, Clock& clock, const HttpRequest& request,
                                         const FetchPolicy& policy = {});

}  // namespace twin::feature
