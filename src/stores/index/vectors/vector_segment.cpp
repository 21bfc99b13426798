#include "stores/index/vectors/vector_segment.h"

#include <array>
#include <cstring>
#include <optional>

#include "core/result.h"
#include "stores/index/vectors/graph_builder.h"

namespace twin::stores {
namespace {

constexpr std::size_t kScanRows = 256;  // dot products computed at a time

enum VectorSection : std::size_t {
  kVectorInfo,
  kVectorKeys,
  kVectorScales,
  kVectorCodes,
  kLowestLayer,
  kUpperRows,
  kUpperEnds,
  kUpperLayers
};

// Rows that a walk has seen: a stamp each, so that the next walk of the thread need not clear them.
class SeenRows {
 public:
  void begin(std::size_t rows) {
    if (stamps_.size() < rows) stamps_.assign(rows, 0), now_ = 0;
    if (++now_ == 0) {
      std::fill(stamps_.begin(), stamps_.end(), std::uint16_t{0});
      now_ = 1;
    }
  }
  /// Whether it was not seen before.
  [[nodiscard]] bool first(std::uint32_t row) {
    if (stamps_[row] == now_) return false;
    stamps_[row] = now_;
    return true;
  }

 private:
  std::vector<std::uint16_t> stamps_;
  std::uint16_t now_ = 0;
};

struct Visit {
  float score = 0;
  std::uint32_t row = 0;
};

}  // namespace

VectorSegment::VectorSegment(std::shared_ptr<const Sections> sections) : sections_(std::move(sections)) {
  const auto info = sections_->array<Info>(kVectorInfo);
  keys_ = sections_->array<std::int64_t>(kVectorKeys);
  scales_ = sections_->array<float>(kVectorScales);
  codes_ = sections_->array<std::int8_t>(kVectorCodes);
  lowest_ = sections_->array<std::uint32_t>(kLowestLayer);
  upper_rows_ = sections_->array<std::uint32_t>(kUpperRows);
  upper_ends_ = sections_->array<std::uint32_t>(kUpperEnds);
  upper_ = sections_->array<std::uint32_t>(kUpperLayers);
  if (info.size() == 1) {
    dimension_ = info[0].dimension;
    stride_ = row_bytes(dimension_);
    links_ = info[0].links;
    entry_ = static_cast<std::uint32_t>(info[0].entry);
    layers_ = info[0].layers;
  }
  const std::size_t rows = keys_.size();
  const bool fits = info.size() == 1 && scales_.size() == rows && codes_.size() == rows * stride_ &&
                    lowest_.size() == rows * 2 * links_ && upper_rows_.size() == upper_ends_.size() &&
                    upper_.size() == links_ * (upper_ends_.empty() ? 0 : upper_ends_.back()) &&
                    (links_ == 0 || entry_ < rows);
  if (!fits) throw Fatal(ErrorKind::internal, "the sections of the vectors' cache do not fit together");
}

void VectorSegment::scan(const QuantizedVector& query, std::size_t begin, std::size_t end, Nearest& best) const {
  const DotRows dots = best_dot_kernel().dots;
  std::array<std::int32_t, kScanRows> sums;
  for (; begin < end; begin += kScanRows) {
    const std::size_t count = std::min(kScanRows, end - begin);
    dots(codes_.data() + begin * stride_, stride_, count, query.codes.data(), sums.data());
    for (std::size_t i = 0; i < count; ++i) {
      const float score = static_cast<float>(sums[i]) * scales_[begin + i] * query.scale;
      if (score >= best.worst()) best.offer({keys_[begin + i], score});
    }
  }
}

float VectorSegment::score(const QuantizedVector& query, std::uint32_t row) const {
  std::int32_t sum = 0;
  best_dot_kernel().dots(codes_.data() + row * stride_, stride_, 1, query.codes.data(), &sum);
  return static_cast<float>(sum) * scales_[row] * query.scale;
}

std::span<const std::uint32_t> VectorSegment::neighbours(std::uint32_t row) const {
  return lowest_.subspan(row * 2 * links_, 2 * links_);
}

std::span<const std::uint32_t> VectorSegment::neighbours(std::uint32_t row, std::size_t layer) const {
  const auto found = std::lower_bound(upper_rows_.begin(), upper_rows_.end(), row);
  if (found == upper_rows_.end() || *found != row) return {};
  const auto at = static_cast<std::size_t>(found - upper_rows_.begin());
  const std::size_t first = at == 0 ? 0 : upper_ends_[at - 1];
  if (first + layer > upper_ends_[at]) return {};
  return upper_.subspan((first + layer - 1) * links_, links_);
}

// In the upper layers straight to what is nearest there.
std::uint32_t VectorSegment::descend(const QuantizedVector& query) const {
  std::uint32_t row = entry_;
  float nearest = score(query, row);
  for (std::size_t layer = layers_; layer > 0; --layer) {
    for (bool closer = true; closer;) {
      closer = false;
      for (const std::uint32_t next : neighbours(row, layer)) {
        if (next == kNone) break;
        if (const float found = score(query, next); found > nearest) {
          nearest = found;
          row = next;
          closer = true;
        }
      }
    }
  }
  return row;
}

void VectorSegment::walk(const QuantizedVector& query, std::size_t breadth, const RowSet* wanted, Nearest& best) const {
  thread_local SeenRows seen;
  seen.begin(keys_.size());
  const auto less = [](const Visit& a, const Visit& b) { return a.score < b.score; };
  std::vector<Visit> open;  // a heap, the nearest on top
  Nearest kept(breadth);
  const auto visit = [&](std::uint32_t row, float score) {
    open.push_back({score, row});
    std::push_heap(open.begin(), open.end(), less);
    if (!wanted || wanted->has(row)) kept.offer({row, score});
  };
  const std::uint32_t start = descend(query);
  (void)seen.first(start);
  visit(start, score(query, start));
  std::array<std::uint32_t, 512> fresh;
  while (!open.empty()) {
    std::pop_heap(open.begin(), open.end(), less);
    const Visit here = open.back();
    open.pop_back();
    if (kept.full() && here.score < kept.worst()) break;
    std::size_t count = 0;
    for (const std::uint32_t next : neighbours(here.row)) {
      if (next == kNone) break;
      if (!seen.first(next) || count == fresh.size()) continue;
      fresh[count++] = next;
      for (std::size_t byte = 0; byte < stride_; byte += 64) __builtin_prefetch(codes_.data() + next * stride_ + byte);
      __builtin_prefetch(scales_.data() + next);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const float found = score(query, fresh[i]);
      if (!kept.full() || found > kept.worst()) visit(fresh[i], found);
    }
  }
  for (const Candidate& candidate : kept.take())
    best.offer({keys_[static_cast<std::size_t>(candidate.chunk)], candidate.score});
}

void VectorSegmentBuilder::add(std::int64_t key, float scale, std::span<const std::byte> codes) {
  const std::size_t at = codes_.size();
  codes_.resize(at + row_bytes(dimension_));
  std::memcpy(codes_.data() + at, codes.data(), std::min(codes.size(), dimension_));
  keys_.push_back(key);
  scales_.push_back(scale);
}

std::vector<std::byte> VectorSegmentBuilder::finish() {
  std::optional<NeighbourGraph> graph;
  if (graph_.from > 0 && rows() > graph_.from) {
    graph = build_graph({.codes = codes_, .scales = scales_, .stride = row_bytes(dimension_)}, graph_.links,
                        graph_.construction);
  }
  const auto bytes = [](const auto& values) { return values.size() * sizeof(values[0]); };
  const NeighbourGraph none;
  const NeighbourGraph& g = graph ? *graph : none;
  SectionWriter writer(VectorSegment::kind,
                       {sizeof(VectorSegment::Info), bytes(keys_), bytes(scales_), bytes(codes_), bytes(g.lowest),
                        bytes(g.upper_rows), bytes(g.upper_ends), bytes(g.upper)});
  writer.array<VectorSegment::Info>(kVectorInfo)[0] = {dimension_, g.links, g.entry, g.layers};
  const auto put = [&]<class T>(VectorSection section, const std::vector<T>& values) {
    std::copy(values.begin(), values.end(), writer.array<T>(section).begin());
  };
  put(kVectorKeys, keys_);
  put(kVectorScales, scales_);
  put(kVectorCodes, codes_);
  put(kLowestLayer, g.lowest);
  put(kUpperRows, g.upper_rows);
  put(kUpperEnds, g.upper_ends);
  put(kUpperLayers, g.upper);
  return writer.finish();
}

}  // namespace twin::stores
