// Time limits for the phases of one exchange: a server must not hold a request by being slow at any of them.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace twin {

struct PhaseLimits {
  Millis connect{0};  ///< zero: no limit, here and below
  Millis tls{0};
  Millis answer{0};
  Millis idle{0};
  std::uint64_t min_bytes_per_second = 0;
  Millis total{0};
};

/// Where an exchange stands.
struct PhaseState {
  bool connected = false;      ///< TCP
  bool secured = false;        ///< TLS, too; the request goes out
  bool answered = false;       ///< the headers are complete
  std::uint64_t received = 0;  ///< bytes of the body so far, as sent
};

enum class Phase { connect, tls, answer, idle, slow, total };

/// Told the state again and again, says which limit was broken. Times are monotonic seconds.
class PhaseWatch {
 public:
  PhaseWatch(const PhaseLimits& limits, double now);

  [[nodiscard]] std::optional<Phase> broken(const PhaseState& state, double now);
  /// How long a wait between two looks may be, for limits to be kept to about a tenth.
  [[nodiscard]] Millis step() const { return step_; }

 private:
  PhaseLimits limits_;
  Millis step_{1000};
  PhaseState last_;
  double started_, connected_ = 0, secured_ = 0;
  double received_ = 0;  ///< when the last byte came
  double window_ = 0;    ///< when the window of the lowest rate began
  std::uint64_t window_bytes_ = 0;
};

}  // namespace twin
