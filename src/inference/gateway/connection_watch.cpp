#include "inference/gateway/connection_watch.h"

#include <vector>

namespace twin::inference {

ConnectionWatch::ConnectionWatch(Millis interval)
    : interval_(interval), thread_([this](const std::stop_token& stop) { run(stop); }) {}

ConnectionWatch::~ConnectionWatch() {
  thread_.request_stop();
  thread_.join();
}

std::shared_ptr<void> ConnectionWatch::watch(std::function<bool()> closed, std::stop_source stop) {
  const std::lock_guard lock(mutex_);
  if (stopping_) stop.request_stop();
  const auto entry = entries_.insert(entries_.end(), Entry{std::move(closed), std::move(stop)});
  changed_.notify_all();
  return {nullptr, [this, entry](void*) {
            const std::lock_guard guard(mutex_);
            entries_.erase(entry);
          }};
}

void ConnectionWatch::stop_all() {
  std::vector<std::stop_source> sources;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const Entry& entry : entries_) sources.push_back(entry.stop);
  }
  for (std::stop_source& source : sources) source.request_stop();  // unlocked: it runs others' callbacks
}

void ConnectionWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait(lock, stop, [this] { return !entries_.empty(); });
    std::vector<std::stop_source> gone;
    for (const Entry& entry : entries_) {
      if (!entry.stop.stop_requested() && entry.closed()) gone.push_back(entry.stop);
    }
    lock.unlock();
    for (std::stop_source& source : gone) source.request_stop();
    lock.lock();
    changed_.wait_for(lock, stop, interval_, [] { return false; });
  }
}

}  // namespace twin::inference
