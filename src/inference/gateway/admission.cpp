#include "inference/gateway/admission.h"

#include <algorithm>

namespace twin::inference {

Admission::Admission(int slots, int max_queue)
    : slots_(std::max(1, slots)), max_queue_(static_cast<std::size_t>(std::max(0, max_queue))) {}

Admission::Entry Admission::enter(const std::stop_token& cancel) {
  std::unique_lock lock(mutex_);
  if (running_ >= slots_ || !queue_.empty()) {
    if (queue_.size() >= max_queue_) return {Outcome::full, nullptr};
    const std::uint64_t number = next_++;
    queue_.insert(number);
    const bool free = changed_.wait(lock, cancel, [&] { return running_ < slots_ && *queue_.begin() == number; });
    queue_.erase(number);
    changed_.notify_all();  // the next in the queue may be free to go, too
    if (!free) return {Outcome::cancelled, nullptr};
  }
  ++running_;
  return {Outcome::admitted, std::make_shared<Ticket>(*this)};
}

void Admission::leave() {
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

int Admission::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(queue_.size());
}

}  // namespace twin::inference
