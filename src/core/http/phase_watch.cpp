#include "core/http/phase_watch.h"

#include <algorithm>

namespace twin {
namespace {

constexpr Millis usual_window{10'000};

double seconds(Millis time) {
  return static_cast<double>(time.count()) / 1000.0;
}

bool over(double since, double now, Millis limit) {
  return limit.count() > 0 && now - since > seconds(limit);
}

}  // namespace

PhaseWatch::PhaseWatch(const PhaseLimits& limits, double now) : limits_(limits), started_(now) {
  for (const Millis limit : {limits.connect, limits.tls, limits.answer, limits.idle, limits.total}) {
    if (limit.count() > 0) step_ = std::min(step_, std::max(Millis{5}, limit / 10));
  }
}

std::optional<Phase> PhaseWatch::broken(const PhaseState& state, double now) {
  if (state.connected && !last_.connected) connected_ = now;
  if (state.secured && !last_.secured) secured_ = now;
  if (state.answered && !last_.answered) received_ = window_ = now;
  if (state.received != last_.received) received_ = now;
  last_ = state;
  if (over(started_, now, limits_.total)) return Phase::total;
  if (!state.connected) return over(started_, now, limits_.connect) ? std::optional(Phase::connect) : std::nullopt;
  if (!state.secured) return over(connected_, now, limits_.tls) ? std::optional(Phase::tls) : std::nullopt;
  if (!state.answered) return over(secured_, now, limits_.answer) ? std::optional(Phase::answer) : std::nullopt;
  if (over(received_, now, limits_.idle)) return Phase::idle;
  const Millis length = limits_.idle.count() > 0 ? limits_.idle : usual_window;
  if (limits_.min_bytes_per_second > 0 && over(window_, now, length)) {
    const double rate = static_cast<double>(state.received - window_bytes_) / (now - window_);
    if (rate < static_cast<double>(limits_.min_bytes_per_second)) return Phase::slow;
    window_ = now;
    window_bytes_ = state.received;
  }
  return std::nullopt;
}

}  // namespace twin
