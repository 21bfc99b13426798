#include "inference/gateway/admission.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "inference/gateway/connection_watch.h"

using namespace twin;
using namespace twin::inference;
using Outcome = Admission::Outcome;

namespace {
void wait_for_waiting(const Admission& admission, int n) {
  while (admission.waiting() != n) std::this_thread::sleep_for(Millis{1});
}
}  // namespace

TEST_CASE("slots run, the queue waits, the rest is refused") {
  Admission admission(1, 1);
  auto first = admission.enter({});
  REQUIRE(first.outcome == Outcome::admitted);
  Admission::Entry second;
  std::jthread waiter([&] { second = admission.enter({}); });
  wait_for_waiting(admission, 1);
  CHECK(admission.enter({}).outcome == Outcome::full);
  first.ticket.reset();
  waiter.join();
  CHECK(second.outcome == Outcome::admitted);
  second.ticket.reset();
  CHECK(admission.enter({}).outcome == Outcome::admitted);
}

TEST_CASE("no queue at all") {
  Admission admission(2, 0);
  const auto a = admission.enter({}), b = admission.enter({});
  CHECK(a.outcome == Outcome::admitted);
  CHECK(b.outcome == Outcome::admitted);
  CHECK(admission.enter({}).outcome == Outcome::full);
}

TEST_CASE("who waits and goes away leaves the queue") {
  Admission admission(1, 5);
  auto first = admission.enter({});
  std::stop_source gone;
  Admission::Entry cancelled, later;
  std::jthread a([&] { cancelled = admission.enter(gone.get_token()); });
  wait_for_waiting(admission, 1);
  std::jthread b([&] { later = admission.enter({}); });
  wait_for_waiting(admission, 2);
  gone.request_stop();
  a.join();
  CHECK(cancelled.outcome == Outcome::cancelled);
  CHECK(admission.waiting() == 1);
  first.ticket.reset();
  b.join();
  CHECK(later.outcome == Outcome::admitted);
}

TEST_CASE("first come, first served") {
  Admission admission(1, 10);
  auto first = admission.enter({});
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      const auto entry = admission.enter({});
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    wait_for_waiting(admission, i + 1);
  }
  first.ticket.reset();
  threads.clear();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("never more than the slots at once") {
  Admission admission(3, 100);
  std::atomic<int> inside = 0, most = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(16);
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          const auto entry = admission.enter({});
          const int now = ++inside;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          --inside;
        }
      });
    }
  }
  CHECK(most <= 3);
  CHECK(most >= 1);
}

TEST_CASE("a closed connection requests the stop; one that is let go is not asked again") {
  ConnectionWatch watch(Millis{1});
  std::atomic<bool> closed = false;
  std::atomic<int> asked = 0;
  std::stop_source one, other;
  auto handle = watch.watch([&] { return closed.load(); }, one);
  auto unclosed = watch.watch(
      [&] {
        ++asked;
        return false;
      },
      other);
  while (asked < 3) std::this_thread::sleep_for(Millis{1});
  CHECK_FALSE(one.stop_requested());
  closed = true;
  while (!one.stop_requested()) std::this_thread::sleep_for(Millis{1});
  unclosed.reset();
  const int before = asked;
  std::this_thread::sleep_for(Millis{20});
  CHECK(asked == before);
  CHECK_FALSE(other.stop_requested());
}

TEST_CASE("stop_all stops what is watched, and what comes later") {
  ConnectionWatch watch(Millis{1});
  std::stop_source now, later;
  const auto a = watch.watch([] { return false; }, now);
  watch.stop_all();
  CHECK(now.stop_requested());
  const auto b = watch.watch([] { return false; }, later);
  CHECK(later.stop_requested());
}
