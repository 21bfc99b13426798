#include "feature/collect/lane.h"

#include <algorithm>

namespace twin::feature {
namespace {

/// Waking a thread costs some microseconds of the kernel: not for each page.
constexpr std::size_t taken_at_once = 16;

}  // namespace

bool Lane::worth_waking() const {
  if (slots_.empty()) return closed_;
  if (!slots_.front().ready) return false;
  if (closed_ || crowded_) return true;
  if (slots_.size() < taken_at_once) return false;
  return std::all_of(slots_.begin(), slots_.begin() + taken_at_once, [](const Slot& slot) { return slot.ready; });
}

bool Lane::push(const std::shared_ptr<Entry>& entry, bool ready) {
  std::unique_lock lock(mutex_);
  // An entry larger than the budget passes when it is alone.
  const auto fits = [&] { return abandoned_ || used_ == 0 || used_ + entry->weight <= budget_; };
  if (!fits()) {
    crowded_ = true;
    if (worth_waking()) filled_.notify_one();
    room_.wait(lock, fits);
    crowded_ = false;
  }
  if (abandoned_) return false;
  used_ += entry->weight;
  slots_.push_back({entry, ready});
  if (ready && worth_waking()) filled_.notify_one();
  return true;
}

void Lane::ready(const Entry* entry) {
  const std::lock_guard lock(mutex_);
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.entry.get() == entry; });
  if (slot == slots_.end()) return;
  slot->ready = true;
  if (worth_waking()) filled_.notify_one();
}

void Lane::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  filled_.notify_one();
}

Lane::Next Lane::pop(std::shared_ptr<Entry>& entry, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return !slots_.empty() && slots_.front().ready; };
  if (!there()) filled_.wait_for(lock, patience, [&] { return worth_waking(); });
  if (slots_.empty() && closed_) return Next::end;
  if (!there()) return Next::late;
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
