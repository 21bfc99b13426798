#include "feature/collect/lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace twin::feature;

namespace {

constexpr std::chrono::milliseconds soon{1};
constexpr std::chrono::milliseconds long_enough{10'000};

std::shared_ptr<Entry> entry(std::uint64_t weight, const std::string& shown = {}) {
  auto out = std::make_shared<Entry>();
  out->weight = weight;
  out->shown = shown;
  return out;
}

}  // namespace

TEST_CASE("lane: in the order of pushing, whatever is ready first") {
  Lane lane(100);
  const auto a = entry(1, "a"), b = entry(1, "b"), c = entry(1, "c");
  CHECK(lane.push(a, false));
  CHECK(lane.push(b, false));
  CHECK(lane.push(c, true));
  std::shared_ptr<Entry> got;
  CHECK(lane.pop(got, soon) == Lane::Next::late);
  lane.ready(b.get());
  CHECK(lane.pop(got, soon) == Lane::Next::late);
  lane.ready(a.get());
  for (const char* shown : {"a", "b", "c"}) {
    CHECK(lane.pop(got, long_enough) == Lane::Next::entry);
    CHECK(got->shown == shown);
  }
  CHECK(lane.pop(got, soon) == Lane::Next::late);
  lane.close();
  CHECK(lane.pop(got, long_enough) == Lane::Next::end);
}

TEST_CASE("lane: who pushes waits for room, and is let go when nobody takes any more") {
  Lane lane(10);
  CHECK(lane.push(entry(50), true));  // larger than the budget, but alone
  std::atomic<int> pushed{0};
  std::thread source([&] {
    while (lane.push(entry(4), true)) ++pushed;
  });
  std::shared_ptr<Entry> got;
  CHECK(lane.pop(got, long_enough) == Lane::Next::entry);
  CHECK(pushed == 0);
  lane.release(50);
  for (int i = 0; i < 3; ++i) {
    CHECK(lane.pop(got, long_enough) == Lane::Next::entry);
    lane.release(4);
  }
  lane.abandon();
  source.join();
  CHECK(pushed >= 3);
  CHECK(pushed <= 5);
}
