#include "stores/index/vector_snapshot.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace twin::stores {
namespace {

using Candidate = VectorSnapshot::Candidate;
using sqlite::Connection;
using sqlite::Query;

constexpr std::size_t kBlockRows = 256;  // dot products computed at a time

bool better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
}

// The best `limit` candidates seen: a heap with the worst on top.
class Best {
 public:
  explicit Best(std::size_t limit) : limit_(limit) {}

  void offer(const Candidate& candidate) {
    if (heap_.size() == limit_) {
      if (!better(candidate, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  [[nodiscard]] std::vector<Candidate> take() {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t limit_;
  std::vector<Candidate> heap_;
};

std::vector<std::int64_t> live_keys(Connection& connection) {
  std::vector<std::int64_t> keys;
  Query query(connection, "SELECT key FROM chunks");
  while (query.step()) keys.push_back(query.integer(0));
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

VectorSnapshot::VectorSnapshot(Connection& connection, std::int64_t generation, std::size_t dimension,
                               const VectorSnapshot* previous)
    : generation_(generation), dimension_(dimension), stride_(row_bytes(dimension)) {
  if (previous && previous->dimension_ != dimension) previous = nullptr;
  const auto live = live_keys(connection);
  reserve(live.size());
  std::int64_t loaded = 0;
  if (previous && previous->size() > 0) {
    copy_kept(*previous, live);
    loaded = previous->chunks_.back();
  }
  Query fresh(connection, "SELECT chunk, scale, codes FROM codes WHERE chunk > ? ORDER BY chunk", loaded);
  while (fresh.step()) {
    const auto codes = fresh.blob(2);
    if (codes.size() == dimension) append(fresh.integer(0), static_cast<float>(fresh.real(1)), codes.data());
  }
}

void VectorSnapshot::reserve(std::size_t rows) {
  chunks_.reserve(rows);
  scales_.reserve(rows);
  const std::size_t bytes = std::max<std::size_t>(rows, 1) * stride_;
  codes_.reset(new (std::align_val_t{kRowAlignment}) std::int8_t[bytes]());
}

void VectorSnapshot::copy_kept(const VectorSnapshot& previous, const std::vector<std::int64_t>& live) {
  auto key = live.begin();
  for (std::size_t row = 0; row < previous.size(); ++row) {
    while (key != live.end() && *key < previous.chunks_[row]) ++key;
    if (key == live.end()) return;
    if (*key != previous.chunks_[row]) continue;
    append(*key, previous.scales_[row], previous.codes_.get() + row * stride_);
  }
}

void VectorSnapshot::append(std::int64_t chunk, float scale, const void* codes) {
  std::memcpy(codes_.get() + chunks_.size() * stride_, codes, dimension_);
  chunks_.push_back(chunk);
  scales_.push_back(scale);
}

std::vector<VectorSnapshot::Range> VectorSnapshot::all() const {
  return {{0, size()}};
}

std::vector<VectorSnapshot::Range> VectorSnapshot::rows_of(const std::vector<std::int64_t>& chunks) const {
  std::vector<Range> ranges;
  auto from = chunks_.begin();
  for (const std::int64_t chunk : chunks) {
    from = std::lower_bound(from, chunks_.end(), chunk);
    if (from == chunks_.end()) break;
    if (*from != chunk) continue;
    const auto row = static_cast<std::size_t>(from - chunks_.begin());
    if (!ranges.empty() && ranges.back().end == row) {
      ++ranges.back().end;
    } else {
      ranges.push_back({row, row + 1});
    }
  }
  return ranges;
}

std::vector<Candidate> VectorSnapshot::nearest(const QuantizedVector& query, std::size_t count,
                                               const std::vector<Range>& rows) const {
  if (count == 0 || query.codes.size() != dimension_) return {};
  std::vector<std::int8_t> padded(stride_);
  std::copy(query.codes.begin(), query.codes.end(), padded.begin());
  const DotRows dots = best_dot_kernel().dots;
  std::array<std::int32_t, kBlockRows> sums;
  Best best(std::min(count, size()));
  for (const Range& range : rows) {
    for (std::size_t begin = range.begin; begin < range.end; begin += kBlockRows) {
      const std::size_t block = std::min(kBlockRows, range.end - begin);
      dots(codes_.get() + begin * stride_, stride_, block, padded.data(), sums.data());
      for (std::size_t i = 0; i < block; ++i) {
        const float score = static_cast<float>(sums[i]) * scales_[begin + i] * query.scale;
        best.offer({chunks_[begin + i], score});
      }
    }
  }
  return best.take();
}

std::shared_ptr<const VectorSnapshot> VectorCache::at(Connection& connection, std::int64_t generation,
                                                      std::size_t dimension) {
  const std::lock_guard lock(mutex_);
  if (newest_ && newest_->generation() == generation) return newest_;
  if (newest_ && newest_->generation() > generation) return nullptr;
  newest_ = std::make_shared<const VectorSnapshot>(connection, generation, dimension, newest_.get());
  return newest_;
}

}  // namespace twin::stores
