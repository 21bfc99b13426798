// A bounded queue in front of the workers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>

namespace twin::inference {

/// Lets `slots` requests run and `max_queue` wait, first come, first served. Thread-safe. Outlives its tickets.
class Admission {
 public:
  Admission(int slots, int max_queue);

  /// Holds a slot until it is destroyed.
  class Ticket {
   public:
    explicit Ticket(Admission& admission) : admission_(admission) {}
    ~Ticket() { admission_.leave(); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    Admission& admission_;
  };

  enum class Outcome { admitted, full, cancelled };
  struct Entry {
    Outcome outcome = Outcome::full;
    std::shared_ptr<Ticket> ticket;  ///< when admitted
  };
  /// Waits for a slot; comes back at once when the queue is full, and when `cancel` is requested.
  [[nodiscard]] Entry enter(const std::stop_token& cancel);
  [[nodiscard]] int waiting() const;

 private:
  void leave();

  const int slots_;
  const std::size_t max_queue_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  int running_ = 0;
  std::uint64_t next_ = 0;
  std::set<std::uint64_t> queue_;  ///< numbers of those that wait, the first one is next
};

}  // namespace twin::inference
