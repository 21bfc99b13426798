// Candidates of a vector search.
#pragma once

#include <algorithm>
#include <cstdint>
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

}  // namespace twin::stores
