// Time behind an interface, so that retries, schedules and timestamps can be tested without waiting.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/result.h"

namespace twin {

using Millis = std::chrono::milliseconds;
/// To the nearest millisecond.
[[nodiscard]] inline Millis to_millis(double seconds) {
  return std::chrono::round<Millis>(std::chrono::duration<double>(seconds));
}
/// Unix time in milliseconds; the only form of time that is stored.
using UnixMillis = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixMillis now() const = 0;
  /// Monotonic seconds, for durations.
  [[nodiscard]] virtual double monotonic() const = 0;
  virtual void sleep(Millis duration) = 0;
};

/// The machine's clock. One instance, thread-safe.
Clock& system_clock();

/// Stands still until told; sleep() advances it at once.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(UnixMillis start = 1'700'000'000'000) : now_(start) {}
  [[nodiscard]] UnixMillis now() const override { return now_; }
  [[nodiscard]] double monotonic() const override { return static_cast<double>(now_) / 1000.0; }
  void sleep(Millis duration) override { advance(duration); }
  void advance(Millis duration) { now_ += duration.count(); }

 private:
  std::atomic<UnixMillis> now_;
};

/// RFC 3339 in UTC with milliseconds: 2026-11-24T19:41:29.000Z. Zero gives an empty string.
[[nodiscard]] std::string format_time(UnixMillis time);
/// Accepts RFC 3339 and RFC 822 (feeds) dates.
[[nodiscard]] Result<UnixMillis> parse_time(const std::string& text);

}  // namespace twin
