#include "stores/index/picture_vectors.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "stores/index/rules.h"

namespace twin::stores {

PictureVectors::PictureVectors(sqlite::Connection& connection) {
  sqlite::Query rows(connection, "SELECT chunk, source, vector FROM pictures ORDER BY chunk, position");
  while (rows.step()) {
    const sqlite::Query::Blob bytes = rows.blob(2);
    if (chunks_.empty()) dimension_ = bytes.size() / sizeof(float);
    if (bytes.size() != dimension_ * sizeof(float)) continue;  // damaged: find_index_damage() says so
    chunks_.push_back(rows.integer(0));
    sources_.push_back(rows.text(1));
    values_.resize(values_.size() + dimension_);
    std::memcpy(values_.data() + values_.size() - dimension_, bytes.data(), bytes.size());
  }
}

std::vector<NearestPicture> PictureVectors::nearest(const std::vector<float>& query, std::size_t k,
                                                    const std::vector<KeyRange>* allowed) const {
  struct Scored {
    std::size_t row = 0;
    double score = 0;
  };
  std::vector<Scored> best;  // of each passage
  const std::vector<KeyRange> all = {{INT64_MIN, INT64_MAX}};
  const std::vector<KeyRange>& ranges = allowed == nullptr ? all : *allowed;
  auto range = ranges.begin();
  for (std::size_t row = 0; row < chunks_.size() && query.size() == dimension_; ++row) {
    while (range != ranges.end() && range->last < chunks_[row]) ++range;
    if (range == ranges.end()) break;
    if (chunks_[row] < range->first) continue;
    const auto vector = std::span(values_).subspan(row * dimension_, dimension_);
    const double score = index_detail::dot(std::as_bytes(vector), query);
    if (best.empty() || chunks_[best.back().row] != chunks_[row]) {
      best.push_back({row, score});
    } else if (score > best.back().score) {
      best.back() = {row, score};
    }
  }
  const auto end = best.begin() + static_cast<std::ptrdiff_t>(std::min(k, best.size()));
  std::partial_sort(best.begin(), end, best.end(), [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : a.row < b.row;
  });
  std::vector<NearestPicture> out;
  for (auto each = best.begin(); each != end; ++each) {
    out.push_back({chunks_[each->row], each->score, sources_[each->row]});
  }
  return out;
}

std::shared_ptr<const PictureVectors> PictureCache::at(sqlite::Connection& connection, std::int64_t generation) {
  {
    const std::lock_guard lock(mutex_);
    if (vectors_ && generation_ == generation) return vectors_;
  }
  auto fresh = std::make_shared<const PictureVectors>(connection);
  const std::lock_guard lock(mutex_);
  if (generation >= generation_) {
    generation_ = generation;
    vectors_ = fresh;
  }
  return fresh;
}

}  // namespace twin::stores
