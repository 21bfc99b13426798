// Per host: whose turn it is, how long between two requests, and when a host is left alone.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/result.h"
#include "feature/collect/host_state.h"

namespace twin::feature {

struct GateLimits {
  Millis delay{500};  ///< between the beginnings of two requests to one host
  int per_host = 2;
  int total = 8;
  int failures = 5;  ///< in a row, after which a host is left alone
};

/// Thread-safe.
class HostGates {
 public:
  HostGates(Clock& clock, const GateLimits& limits) : clock_(clock), limits_(limits) {}

  /// A request under way; gives its place back at the end of scope.
  class Turn {
   public:
    Turn(HostGates& gates, std::string host) : gates_(&gates), host_(std::move(host)) {}
    Turn(Turn&& other) noexcept : gates_(std::exchange(other.gates_, nullptr)), host_(std::move(other.host_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (gates_ != nullptr) gates_->leave(host_);
    }

   private:
    HostGates* gates_;
    std::string host_;
  };

  /// Waits for the turn of a request to this host. ErrorKind::network when the host is left alone, cancelled when
  /// stopped.
  [[nodiscard]] Result<Turn> enter(const std::string& host, const std::string& url, const std::stop_token& stop);

  /// Waits before a request is tried again; the state of the host says so meanwhile. False when stopped.
  [[nodiscard]] bool pause(const std::string& host, Millis wait, const std::string& reason,
                           const std::stop_token& stop);

  /// No request to the host begins before the wait is over (Retry-After).
  void hold(const std::string& host, Millis wait, const std::string& reason);
  /// At least so long between two requests (Crawl-delay).
  void slow_down(const std::string& host, Millis delay);
  /// The host is left alone for the rest of the run.
  void block(const std::string& host, const std::string& reason);
  [[nodiscard]] bool blocked(const std::string& host);

  struct Answer {
    bool cached = false;
    std::uint64_t bytes = 0;
  };
  void succeeded(const std::string& host, const Answer& answer);
  void failed(const std::string& host, const std::string& reason);

  void observe(HostObserver observer);

 private:
  struct Host {
    HostState state;
    Millis delay{0};
    double next = 0;      ///< monotonic seconds: no request begins before
    int retrying = 0;     ///< of state.waiting: waiting to be tried again
    int failures = 0;     ///< in a row
    std::string blocked;  ///< why; empty: it is not
  };
  Host& host(const std::string& name);
  void leave(const std::string& name);
  void publish(Host& host);
  [[nodiscard]] Error left_alone(const Host& host, const std::string& url) const;
  /// Sleeps in slices, so that a stop is heard. False when stopped.
  [[nodiscard]] bool sleep_until(double time, const std::stop_token& stop);

  Clock& clock_;
  const GateLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Host> hosts_;
  int active_ = 0;
  HostObserver observer_;
};

}  // namespace twin::feature
