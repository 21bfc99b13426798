// Which of the ranks still live: each says so, again and again, at the store where they met. Part of world.cpp.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

namespace twin::training::beats {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds beat_every{500};

inline std::vector<std::uint8_t> bytes(const std::string& text) {
  return {text.begin(), text.end()};
}
inline std::string text(const std::vector<std::uint8_t>& raw) {
  return {raw.begin(), raw.end()};
}

/// What each rank last said, by a connection and a thread of its own: the main thread may wait for hours.
class Beats {
 public:
  Beats(c10::intrusive_ptr<c10d::Store> store, int rank, int size)
      : store_(std::move(store)), rank_(rank), seen_(static_cast<std::size_t>(size)) {
    store_->set(name(rank_), bytes("0"));
  }
  void start() {
    for (auto& one : seen_) one.when = Clock::now();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  /// The rank that was silent longest, if for at least `least`. Rank 0 holds the store: without it nobody is heard.
  [[nodiscard]] std::optional<int> silent(Clock::duration least) const {
    const std::lock_guard guard(mutex_);
    if (store_gone_ && rank_ != 0 && Clock::now() - gone_since_ >= least) return 0;
    if (store_gone_) return std::nullopt;
    std::optional<int> longest;
    auto when = Clock::now() - least;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (static_cast<int>(i) == rank_ || seen_[i].when > when) continue;
      longest = static_cast<int>(i);
      when = seen_[i].when;
    }
    return longest;
  }

  /// The rank that another one found to be gone.
  [[nodiscard]] std::optional<int> lost() const {
    const std::lock_guard guard(mutex_);
    return lost_;
  }

 private:
  struct Seen {
    std::string value;
    Clock::time_point when;
  };

  static std::string name(int rank) { return fmt::format("beat/{}", rank); }

  void run(const std::stop_token& stop) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < seen_.size(); ++i) names.push_back(name(static_cast<int>(i)));
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    for (std::uint64_t beat = 1; !stop.stop_requested(); ++beat) {
      exchange(names, beat);
      changed.wait_for(lock, stop, beat_every, [] { return false; });
    }
  }

  void exchange(const std::vector<std::string>& names, std::uint64_t beat) {
    try {
      store_->set(name(rank_), bytes(std::to_string(beat)));
      const auto values = store_->multiGet(names);
      std::optional<int> lost;
      if (store_->check({"lost"})) lost = std::stoi(text(store_->get("lost")));
      const std::lock_guard guard(mutex_);
      store_gone_ = false;
      lost_ = lost;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (auto value = text(values[i]); value != seen_[i].value) seen_[i] = {std::move(value), Clock::now()};
      }
    } catch (const std::exception&) {
      const std::lock_guard guard(mutex_);
      if (!store_gone_) gone_since_ = Clock::now();
      store_gone_ = true;
    }
  }

  c10::intrusive_ptr<c10d::Store> store_;
  int rank_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::optional<int> lost_;
  bool store_gone_ = false;
  Clock::time_point gone_since_;
  std::jthread thread_;  ///< last: it ends before what it uses
};

}  // namespace twin::training::beats
