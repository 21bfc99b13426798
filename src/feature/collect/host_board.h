// What each server is doing, in a few words beside the progress bar and as events.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "feature/collect/events.h"
#include "feature/collect/host_state.h"

namespace twin::feature {

/// Thread-safe.
class HostBoard {
 public:
  HostBoard(Events& events, const Clock& clock, Progress& progress)
      : events_(events), clock_(clock), progress_(progress) {}

  void update(const HostState& state);
  /// "velog.io 12 · blog.naver.com 3, waits 2 · example.org blocked: …": what is not idle, in order of name.
  [[nodiscard]] std::string line() const;

 private:
  struct Row {
    HostState state;
    HostPhase told = HostPhase::idle;  ///< the phase of the last event
    double told_at = 0;                ///< and when it was, by the monotonic clock
  };
  [[nodiscard]] std::string line_locked() const;

  Events& events_;
  const Clock& clock_;
  Progress& progress_;
  mutable std::mutex mutex_;
  std::map<std::string, Row> rows_;
};

}  // namespace twin::feature
