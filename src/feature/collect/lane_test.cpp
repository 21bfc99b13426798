#include "feature/collect/lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

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

TEST_CASE("lane: who takes is woken for several at once, and at once when room is short or the end has come") {
  Lane lane(100);
  std::vector<std::shared_ptr<Entry>> entries;
  for (int i = 0; i < 3; ++i) {
    entries.push_back(entry(50));
    if (i < 2) CHECK(lane.push(entries.back(), false));
  }
  std::shared_ptr<Entry> got;
  std::thread source([&] {
    CHECK(lane.push(entries[2], false));  // waits for room
    lane.ready(entries[2].get());
    lane.close();
  });
  lane.ready(entries[0].get());
  CHECK(lane.pop(got, long_enough) == Lane::Next::entry);
  CHECK(got == entries[0]);
  lane.ready(entries[1].get());
  CHECK(lane.pop(got, long_enough) == Lane::Next::entry);
  lane.release(100);
  CHECK(lane.pop(got, long_enough) == Lane::Next::entry);
  CHECK(got == entries[2]);
  CHECK(lane.pop(got, long_enough) == Lane::Next::end);
  source.join();
}

TEST_CASE("lane: a few that are ready are given when patience is over") {
  Lane lane(100);
  const auto a = entry(1, "a");
  CHECK(lane.push(a, false));
  std::thread cleaner([&] { lane.ready(a.get()); });
  std::shared_ptr<Entry> got;
  while (lane.pop(got, soon) == Lane::Next::late) {
  }
  CHECK(got == a);
  cleaner.join();
}
