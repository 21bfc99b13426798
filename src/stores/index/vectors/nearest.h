// Candidates of a vector search.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

namespace twin::stores {

struct Candidate {
  std::int64_t chunk = 0;  ///< key in the database
  float score = 0;         ///< approximate cosine
  float scale = 0;         ///< of its codes: the larger, the less exact is the score
};

/// Higher scores first, ties by key.
[[nodiscard]] inline bool better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
}

/// The best `limit` candidates offered: a heap with the worst on top.
class Nearest {
 public:
  explicit Nearest(std::size_t limit) : limit_(limit) {}

  void offer(const Candidate& candidate) {
    if (limit_ == 0) return;
    if (full()) {
      if (!better(candidate, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] bool full() const { return heap_.size() == limit_; }
  /// The score that a candidate must reach; of a heap that is not full, none.
  [[nodiscard]] float worst() const { return full() && !heap_.empty() ? heap_.front().score : -2.0F; }
  /// Best first.
  [[nodiscard]] std::vector<Candidate> take() {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t limit_;
  std::vector<Candidate> heap_;
};

/// How far a score by bytes may be from that of the 32-bit vectors. A code is off by up to half a step, evenly: the
/// product of two vectors of length 1 by a variance of a twelfth of both steps' squares.
[[nodiscard]] inline float rounding_doubt(float scale, float query_scale) {
  constexpr float kDeviations = 5;
  return kDeviations * std::sqrt((scale * scale + query_scale * query_scale) / 12);
}

/// The best `wanted` scores by bytes, and what a score must reach to be among them by the 32-bit vectors, too.
class ScoreFloor {
 public:
  /// `margin`: how far two scores together may be off. Nothing below `least` is wanted in any case.
  ScoreFloor(std::size_t wanted, float margin, float least) : wanted_(wanted), margin_(margin), floor_(least) {}

  [[nodiscard]] float floor() const { return floor_; }
  void add(float score) {
    if (best_.size() == wanted_) {
      if (wanted_ == 0 || score <= best_.front()) return;
      std::pop_heap(best_.begin(), best_.end(), std::greater<>());
      best_.back() = score;
    } else {
      best_.push_back(score);
    }
    std::push_heap(best_.begin(), best_.end(), std::greater<>());
    if (best_.size() == wanted_) floor_ = std::max(floor_, best_.front() - margin_);
  }

 private:
  std::size_t wanted_;
  float margin_, floor_;
  std::vector<float> best_;  // a heap, the lowest on top
};

}  // namespace twin::stores
