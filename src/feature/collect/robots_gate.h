// What robots.txt of each site allows, fetched when a site is first asked for something.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/http/http.h"
#include "core/http/url.h"
#include "feature/collect/http_cache.h"
#include "feature/collect/robots.h"

namespace twin::feature {

/// RFC 9309, 2.3: an answer is kept for a day. 2xx: its rules. 3xx beyond five hops, and 4xx but 429: everything is
/// allowed. 429, 5xx, no answer, or one that the limits refuse: what was known within the last 30 days, else nothing is
/// allowed. Thread-safe; threads that need the same site's rules wait for one fetch.
class RobotsGate {
 public:
  /// `fetch`: one answer, redirects not followed.
  using Fetch = std::function<Result<HttpResponse>(const HttpRequest&)>;

  /// `cache` may be null. `agent`: the product token.
  RobotsGate(Fetch fetch, HttpCache* cache, Clock& clock, std::string agent)
      : fetch_(std::move(fetch)), cache_(cache), clock_(clock), agent_(std::move(agent)) {}

  /// The rules that hold for an address now; an error when robots.txt cannot be read, so that nothing is allowed.
  [[nodiscard]] Result<std::shared_ptr<const Robots>> rules(const WebAddress& address, const std::stop_token& stop);

 private:
  struct Site {
    bool fetching = false;
    bool known = false;
    UnixMillis fetched = 0;
    Result<std::shared_ptr<const Robots>> rules = nullptr;
  };
  struct Text {
    std::string text;
    UnixMillis fetched = 0;
  };
  [[nodiscard]] Result<Text> obtain(const WebAddress& address, const std::stop_token& stop);
  [[nodiscard]] Result<Text> ask(const WebAddress& address, const std::stop_token& stop);

  Fetch fetch_;
  HttpCache* cache_;
  Clock& clock_;
  const std::string agent_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::map<std::string, Site> sites_;  ///< by origin
};

}  // namespace twin::feature
