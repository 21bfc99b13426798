#include "feature/collect/host_gates.h"

#include <algorithm>
#include <chrono>

#include "core/i18n.h"

namespace twin::feature {
namespace {

constexpr Millis slice{100};  ///< how late a stop may be heard

}  // namespace

HostGates::Host& HostGates::host(const std::string& name) {
  const auto [it, fresh] = hosts_.try_emplace(name);
  if (fresh) {
    it->second.state.host = name;
    it->second.delay = limits_.delay;
  }
  return it->second;
}

void HostGates::publish(Host& host) {
  HostState& state = host.state;
  const bool asked_to_wait = state.waiting > 0 && !state.reason.empty();
  // What goes wrong is told first: a request that is tried again is no less so because another one is under way.
  state.phase = !host.blocked.empty() ? HostPhase::blocked
                : host.retrying > 0   ? HostPhase::retrying
                : state.active > 0    ? HostPhase::fetching
                : asked_to_wait       ? HostPhase::retrying
                : state.waiting > 0   ? HostPhase::waiting
                                      : HostPhase::idle;
  if (!host.blocked.empty()) state.reason = host.blocked;
  if (observer_) observer_(state);
}

Error HostGates::left_alone(const Host& host, const std::string& url) const {
  return {ErrorKind::network, tr("{} is left alone in this run: {}", host.state.host, host.blocked), url,
          tr("run again later")};
}

bool HostGates::sleep_until(double time, const std::stop_token& stop) {
  while (true) {
    if (stop.stop_requested()) return false;
    const double left = time - clock_.monotonic();
    if (left <= 0) return true;
    clock_.sleep(std::min(slice, Millis{static_cast<std::int64_t>(left * 1000) + 1}));
  }
}

Result<HostGates::Turn> HostGates::enter(const std::string& name, const std::string& url, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Host& host = this->host(name);
  ++host.state.waiting;
  publish(host);
  const auto give_up = [&](Error error) {
    --host.state.waiting;
    publish(host);
    return tl::unexpected(std::move(error));
  };
  while (true) {
    if (stop.stop_requested()) return give_up({ErrorKind::cancelled, tr("Stopped"), url, {}});
    if (!host.blocked.empty()) return give_up(left_alone(host, url));
    if (host.state.active >= limits_.per_host || active_ >= limits_.total) {
      changed_.wait_for(lock, slice);
      continue;
    }
    const double now = clock_.monotonic();
    if (host.next <= now) break;
    const double next = host.next;
    lock.unlock();
    const bool awake = sleep_until(next, stop);
    lock.lock();
    if (!awake) continue;
  }
  host.next = clock_.monotonic() + static_cast<double>(host.delay.count()) / 1000.0;
  --host.state.waiting;
  ++host.state.active;
  ++active_;
  host.state.reason.clear();
  publish(host);
  return Turn(*this, name);
}

void HostGates::leave(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  --host.state.active;
  --active_;
  publish(host);
  changed_.notify_all();
}

bool HostGates::pause(const std::string& name, Millis wait, const std::string& reason, const std::stop_token& stop) {
  const double until = clock_.monotonic() + static_cast<double>(wait.count()) / 1000.0;
  {
    const std::scoped_lock lock(mutex_);
    Host& host = this->host(name);
    ++host.retrying;
    ++host.state.waiting;
    host.state.reason = reason;
    publish(host);
  }
  const bool awake = sleep_until(until, stop);
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  --host.retrying;
  --host.state.waiting;
  publish(host);
  return awake;
}

void HostGates::hold(const std::string& name, Millis wait, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  host.next = std::max(host.next, clock_.monotonic() + static_cast<double>(wait.count()) / 1000.0);
  host.state.reason = reason;
  publish(host);
}

void HostGates::slow_down(const std::string& name, Millis delay) {
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  if (delay <= host.delay) return;
  // The request for robots.txt came before the answer that asks for this delay, and counts.
  host.next = std::max(host.next, clock_.monotonic() + static_cast<double>(delay.count()) / 1000.0);
  host.delay = delay;
}

void HostGates::block(const std::string& name, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  if (!host.blocked.empty()) return;
  host.blocked = reason;
  publish(host);
  changed_.notify_all();
}

bool HostGates::blocked(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  return !host(name).blocked.empty();
}

void HostGates::succeeded(const std::string& name, const Answer& answer) {
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  host.failures = 0;
  ++host.state.done;
  host.state.cached += answer.cached ? 1 : 0;
  host.state.bytes += answer.bytes;
  publish(host);
}

void HostGates::failed(const std::string& name, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  Host& host = this->host(name);
  ++host.state.done;
  ++host.state.failed;
  if (++host.failures >= limits_.failures && host.blocked.empty()) {
    host.blocked = tr("{} requests failed in a row, the last one: {}", host.failures, reason);
  }
  publish(host);
  changed_.notify_all();
}

void HostGates::observe(HostObserver observer) {
  const std::scoped_lock lock(mutex_);
  observer_ = std::move(observer);
}

}  // namespace twin::feature
