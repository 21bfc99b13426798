#include "feature/collect/lane.h"

#include <algorithm>

namespace twin::feature {

bool Lane::push(const std::shared_ptr<Entry>& entry, bool ready) {
  std::unique_lock lock(mutex_);
  // An entry larger than the budget passes when it is alone.
  room_.wait(lock, [&] { return abandoned_ || used_ == 0 || used_ + entry->weight <= budget_; });
  if (abandoned_) return false;
  used_ += entry->weight;
  slots_.push_back({entry, ready});
  if (ready && slots_.size() == 1) filled_.notify_one();
  return true;
}

void Lane::ready(const Entry* entry) {
  const std::lock_guard lock(mutex_);
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.entry.get() == entry; });
  if (slot == slots_.end()) return;
  slot->ready = true;
  if (slot == slots_.begin()) filled_.notify_one();
}

void Lane::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  filled_.notify_one();
}

Lane::Next Lane::pop(std::shared_ptr<Entry>& entry, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return slots_.empty() ? closed_ : slots_.front().ready; };
  if (!filled_.wait_for(lock, patience, there)) return Next::late;
  if (slots_.empty()) return Next::end;
  entry = std::move(slots_.front().entry);
  slots_.pop_front();
  return Next::entry;
}

void Lane::release(std::uint64_t weight) {
  const std::lock_guard lock(mutex_);
  used_ -= std::min(used_, weight);
  room_.notify_one();
}

void Lane::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  room_.notify_all();
}

}  // namespace twin::feature
