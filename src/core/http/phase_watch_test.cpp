#include "core/http/phase_watch.h"

#include <doctest/doctest.h>

using namespace twin;

namespace {

constexpr PhaseLimits limits{.connect = Millis{1000},
                             .tls = Millis{2000},
                             .answer = Millis{3000},
                             .idle = Millis{4000},
                             .min_bytes_per_second = 100,
                             .total = Millis{60'000}};

}  // namespace

TEST_CASE("each phase has its own time") {
  PhaseWatch connect(limits, 100);
  CHECK(!connect.broken({}, 101));
  CHECK(connect.broken({}, 101.1) == Phase::connect);

  PhaseWatch tls(limits, 0);
  CHECK(!tls.broken({.connected = true}, 0.5));
  CHECK(!tls.broken({.connected = true}, 2.4));
  CHECK(tls.broken({.connected = true}, 2.6) == Phase::tls);

  PhaseWatch answer(limits, 0);
  CHECK(!answer.broken({.connected = true, .secured = true}, 1));
  CHECK(!answer.broken({.connected = true, .secured = true}, 4));
  CHECK(answer.broken({.connected = true, .secured = true}, 4.1) == Phase::answer);
}

TEST_CASE("a body that pauses, dribbles or never ends") {
  PhaseState state{.connected = true, .secured = true, .answered = true};
  PhaseWatch idle(limits, 0);
  CHECK(!idle.broken(state, 1));
  state.received = 100'000;
  CHECK(!idle.broken(state, 4.9));
  CHECK(!idle.broken(state, 8.8));
  CHECK(idle.broken(state, 9) == Phase::idle);

  // A byte each second is never idle, but slow.
  PhaseWatch slow(limits, 0);
  state.received = 0;
  std::optional<Phase> broken;
  double now = 0;
  while (!broken && now < 60) {
    now += 1;
    ++state.received;
    broken = slow.broken(state, now);
  }
  CHECK(broken == Phase::slow);
  CHECK(now < 8);

  PhaseWatch endless(limits, 0);
  now = 0;
  broken.reset();
  while (!broken && now < 100) {
    now += 1;
    state.received += 1000;
    broken = endless.broken(state, now);
  }
  CHECK(broken == Phase::total);
}

TEST_CASE("no limits, no end") {
  PhaseWatch watch({}, 0);
  CHECK(!watch.broken({}, 1e6));
  CHECK(!watch.broken({.connected = true, .secured = true, .answered = true}, 1e9));
  CHECK(watch.step() == Millis{1000});
  CHECK(PhaseWatch({.idle = Millis{100}}, 0).step() == Millis{10});
}
