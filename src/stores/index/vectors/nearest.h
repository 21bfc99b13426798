// Candidates of a vector search.
#pragma once

#include <algorithm>
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

/// Rows that may be among the best by estimates, and the score that as many rows as are wanted have at least.
class HopefulRows {
 public:
  struct Row {
    float most = 0;  ///< the score is at most this
    std::uint32_t row = 0;
    std::int32_t upper_product = 0;  ///< what the estimate rests on
  };

  HopefulRows(std::size_t wanted, float floor) : wanted_(wanted), floor_(floor) {}

  [[nodiscard]] float floor() const { return floor_; }
  void add(const Row& row, float least) {
    rows_.push_back(row);
    if (least_.size() == wanted_ && least <= least_.front()) return;
    if (least_.size() == wanted_) {
      std::pop_heap(least_.begin(), least_.end(), std::greater<>());
      least_.back() = least;
    } else {
      least_.push_back(least);
    }
    std::push_heap(least_.begin(), least_.end(), std::greater<>());
    if (least_.size() == wanted_) floor_ = std::max(floor_, least_.front());
  }
  /// Those that are left, the most promising first.
  [[nodiscard]] std::vector<Row> take() {
    std::erase_if(rows_, [this](const Row& r) { return r.most < floor_; });
    std::sort(rows_.begin(), rows_.end(), [](const Row& x, const Row& y) { return x.most > y.most; });
    return std::move(rows_);
  }

 private:
  std::size_t wanted_;
  float floor_;
  std::vector<float> least_;  // a heap, the lowest on top
  std::vector<Row> rows_;
};

}  // namespace twin::stores
