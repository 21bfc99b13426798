// Notices clients that went away, so that nothing is generated for nobody.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "core/clock.h"

namespace twin::inference {

/// One thread asks every watched connection, a few times a second, whether it is closed, and requests its stop.
class ConnectionWatch {
 public:
  explicit ConnectionWatch(Millis interval = Millis{100});
  ~ConnectionWatch();

  /// Watches until the returned handle is gone; afterwards `closed` is not called any more. The handle must not outlive
  /// the watch.
  [[nodiscard]] std::shared_ptr<void> watch(std::function<bool()> closed, std::stop_source stop);
  /// Requests the stop of everything watched now and later.
  void stop_all();

 private:
  struct Entry {
    std::function<bool()> closed;
    std::stop_source stop;
  };
  void run(const std::stop_token& stop);

  const Millis interval_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Entry> entries_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace twin::inference
