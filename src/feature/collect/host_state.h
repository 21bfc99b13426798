// What collecting is doing with a server right now, for the display.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace twin::feature {

enum class HostPhase {
  idle,      ///< nothing to do
  waiting,   ///< a request waits for its turn (rate, concurrency, Crawl-delay)
  fetching,  ///< a request is under way
  retrying,  ///< a request failed and waits to be tried again, or the server asked for a pause
  blocked,   ///< left alone for the rest of this run; `reason` says why
};
[[nodiscard]] std::string_view to_string(HostPhase phase);

struct HostState {
  std::string host;  ///< with the port when it is not the scheme's
  HostPhase phase = HostPhase::idle;
  int active = 0;            ///< requests under way
  int waiting = 0;           ///< requests that wait, for their turn or to be tried again
  std::uint64_t done = 0;    ///< answered, failures included
  std::uint64_t failed = 0;  ///< of these: no answer, or status 429 or 5xx, after all attempts
  std::uint64_t cached = 0;  ///< of these: unchanged by the server's word (304), or fresh in the cache
  std::uint64_t bytes = 0;   ///< of bodies received
  std::string reason;        ///< of retrying and blocked, in words
};

/// Called at each change, from the thread that causes it and one at a time; must be quick.
using HostObserver = std::function<void(const HostState&)>;

}  // namespace twin::feature
