// Many addresses at once, the answers in order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/clock.h"
#include "core/http/http.h"

namespace twin::feature {

struct FetchAllLimits {
  std::size_t window = 64;  ///< requests taken ahead of the one that is handed over next
  std::uint64_t max_waiting_bytes = 128ull
                                    << 20;  ///< bodies that wait for an earlier one; beyond it no new request starts
};

/// Gives the next request, nullopt at the end.
using RequestSource = std::function<std::optional<HttpRequest>()>;
/// Takes one answer as fetch() gives it. False: stop.
using ResponseSink = std::function<bool(const HttpRequest& request, Result<HttpResponse>&& response)>;

/// Fetches what `next` gives, as many at a time as `http.parallel()` says (per host and in all), and hands the answers
/// over in the order of the requests. `next` and `sink` are called from the calling thread only. Requests are taken
/// from `next` no further ahead than the window: it may depend on what `sink` has seen before. Returns when all are
/// handed over, the sink said stop, or a request's stop token did; requests under way are then abandoned.
void fetch_all(HttpClient& http, Clock& clock, const RequestSource& next, const ResponseSink& sink,
               const FetchAllLimits& limits = {});

}  // namespace twin::feature
