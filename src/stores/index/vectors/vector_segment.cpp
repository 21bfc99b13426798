#include "stores/index/vectors/vector_segment.h"

#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <tuple>

#include "core/result.h"
#include "core/vector_math.h"
#include "stores/index/vectors/graph_builder.h"

namespace twin::stores {
namespace {

constexpr std::uint32_t kScanRows = 32;   // dot products computed at a time
constexpr std::uint32_t kAhead = 64;      // rows that are fetched before they are needed
constexpr std::size_t kRowsAhead = 6;     // the same of lower halves
constexpr std::size_t kRangesAhead = 12;  // the same of ranges, which are short where there are many
constexpr float kSure = 4;                // standard deviations
constexpr float kMeanSteps = 16, kSpreadSteps = 32;

enum VectorSection : std::size_t {
  kVectorInfo,
  kVectorKeys,
  kVectorScales,
  kUpperHalves,
  kLowerHalves,
  kLowerMeans,
  kLowerSpreads,
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

// Mean and deviation of the lower halves of a row's codes, in kMeanSteps and kSpreadSteps.
std::pair<std::uint8_t, std::uint8_t> spread_of(std::span<const std::int8_t> codes) {
  if (codes.empty()) return {};
  int sum = 0, squares = 0;
  for (const std::int8_t code : codes) {
    const int half = (code + 128) & 0xF;
    sum += half;
    squares += half * half;
  }
  const auto count = static_cast<float>(codes.size());
  const float mean = static_cast<float>(sum) / count;
  const float deviation = std::sqrt(std::max(0.0F, static_cast<float>(squares) / count - mean * mean));
  return {static_cast<std::uint8_t>(std::lround(mean * kMeanSteps)),
          static_cast<std::uint8_t>(std::ceil(deviation * kSpreadSteps) + 1)};
}

// How rows' scores follow from their products: what the mean and the spread of lower halves are worth, and the rest.
struct Bounds {
  float mean_weight = 0, spread_weight = 0, offset = 0, scale = 0;
};

// The score that each of `count` rows has at most, and whether any of them reaches `floor`.
TWIN_CLONES bool highest_scores(const Bounds& bounds, std::uint32_t count, const std::int32_t* products,
                                const float* scales, const std::uint8_t* means, const std::uint8_t* spreads,
                                float floor, float* most) {
  int reaching = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    most[i] = (16 * static_cast<float>(products[i]) + bounds.mean_weight * static_cast<float>(means[i]) +
               bounds.spread_weight * static_cast<float>(spreads[i]) + bounds.offset) *
              scales[i] * bounds.scale;
    reaching |= most[i] >= floor ? 1 : 0;
  }
  return reaching != 0;
}

}  // namespace

VectorSegment::VectorSegment(std::shared_ptr<const Sections> sections) : sections_(std::move(sections)) {
  const auto info = sections_->array<Info>(kVectorInfo);
  keys_ = sections_->array<std::int64_t>(kVectorKeys);
  scales_ = sections_->array<float>(kVectorScales);
  upper_halves_ = sections_->array<std::uint8_t>(kUpperHalves);
  lower_halves_ = sections_->array<std::uint8_t>(kLowerHalves);
  means_ = sections_->array<std::uint8_t>(kLowerMeans);
  spreads_ = sections_->array<std::uint8_t>(kLowerSpreads);
  lowest_ = sections_->array<std::uint32_t>(kLowestLayer);
  upper_rows_ = sections_->array<std::uint32_t>(kUpperRows);
  upper_ends_ = sections_->array<std::uint32_t>(kUpperEnds);
  upper_ = sections_->array<std::uint32_t>(kUpperLayers);
  if (info.size() == 1) {
    dimension_ = info[0].dimension;
    stride_ = row_bytes(dimension_) / 2;
    links_ = info[0].links;
    entry_ = static_cast<std::uint32_t>(info[0].entry);
    layers_ = info[0].layers;
  }
  const std::size_t rows = keys_.size();
  const bool fits = info.size() == 1 && scales_.size() == rows && upper_halves_.size() == rows * stride_ &&
                    lower_halves_.size() == rows * stride_ && means_.size() == rows && spreads_.size() == rows &&
                    lowest_.size() == rows * 2 * links_ && upper_rows_.size() == upper_ends_.size() &&
                    upper_.size() == links_ * (upper_ends_.empty() ? 0 : upper_ends_.back()) &&
                    (links_ == 0 || entry_ < rows);
  if (!fits) throw Fatal(ErrorKind::internal, "the sections of the vectors' cache do not fit together");
}

void VectorSegment::prefetch(std::uint32_t row) const {
  if (row >= keys_.size()) return;
  for (std::size_t byte = 0; byte < stride_; byte += 64)
    __builtin_prefetch(upper_halves_.data() + row * stride_ + byte);
}

std::int32_t VectorSegment::upper_product(const VectorQuery& query, std::uint32_t row) const {
  std::int32_t product = 0;
  best_dot_kernel().half_dots(upper_halves_.data() + row * stride_, stride_, 1, query.codes(), &product);
  return product;
}

float VectorSegment::estimate(const VectorQuery& query, std::uint32_t row) const {
  const float lower = static_cast<float>(means_[row]) / kMeanSteps - 128;
  return (16 * static_cast<float>(upper_product(query, row)) + lower * static_cast<float>(query.sum())) * scales_[row] *
         query.scale();
}

Candidate VectorSegment::candidate(const VectorQuery& query, std::uint32_t row, std::int32_t upper_product) const {
  std::int32_t lower = 0;
  best_dot_kernel().half_dots(lower_halves_.data() + row * stride_, stride_, 1, query.codes(), &lower);
  const std::int32_t product = 16 * upper_product + lower - 128 * query.sum();
  return {keys_[row], static_cast<float>(product) * scales_[row] * query.scale(), scales_[row]};
}

void VectorSegment::scan(const VectorQuery& query, std::span<const RowRange> ranges, const RowSet* wanted,
                         Nearest& best) const {
  if (best.limit() == 0) return;
  HopefulRows hopeful(best.limit(), best.worst());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i + kRangesAhead < ranges.size()) {
      const RowRange& next = ranges[i + kRangesAhead];
      for (std::uint32_t row = next.begin; row < std::min(next.end, next.begin + 4); ++row) prefetch(row);
    }
    estimate_all(query, ranges[i], wanted, hopeful);
  }
  const auto rows = hopeful.take();
  for (std::size_t i = 0; i < rows.size() && rows[i].most >= best.worst(); ++i) {
    for (std::size_t byte = 0; byte < stride_ && i + kRowsAhead < rows.size(); byte += 64)
      __builtin_prefetch(lower_halves_.data() + rows[i + kRowsAhead].row * stride_ + byte);
    best.offer(candidate(query, rows[i].row, rows[i].upper_product));
  }
}

void VectorSegment::estimate_all(const VectorQuery& query, RowRange range, const RowSet* wanted,
                                 HopefulRows& hopeful) const {
  const HalfDotRows dots = best_dot_kernel().half_dots;
  const auto sum = static_cast<float>(query.sum());
  const float rounding = std::abs(sum) / (2 * kMeanSteps);  // of means
  const Bounds bounds{.mean_weight = sum / kMeanSteps,
                      .spread_weight = kSure * query.doubt() / kSpreadSteps,
                      .offset = rounding - 128 * sum,
                      .scale = query.scale()};
  std::array<std::int32_t, kScanRows> products;
  std::array<float, kScanRows> most;
  for (std::uint32_t begin = range.begin; begin < range.end; begin += kScanRows) {
    const std::uint32_t count = std::min(kScanRows, range.end - begin);
    for (std::size_t byte = (begin + kAhead) * stride_;
         byte < std::min(begin + kAhead + kScanRows, range.end) * stride_; byte += 64)
      __builtin_prefetch(upper_halves_.data() + byte);
    dots(upper_halves_.data() + begin * stride_, stride_, count, query.codes(), products.data());
    const float* scales = scales_.data() + begin;
    const std::uint8_t* spreads = spreads_.data() + begin;
    const float floor = hopeful.floor();
    if (!highest_scores(bounds, count, products.data(), scales, means_.data() + begin, spreads, floor, most.data()))
      continue;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (most[i] < floor || (wanted && !wanted->has(begin + i))) continue;
      const float doubt = bounds.spread_weight * static_cast<float>(spreads[i]) + rounding;
      hopeful.add({most[i], begin + i, products[i]}, most[i] - 2 * doubt * scales[i] * query.scale());
    }
  }
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
std::uint32_t VectorSegment::descend(const VectorQuery& query) const {
  std::uint32_t row = entry_;
  float nearest = estimate(query, row);
  for (std::size_t layer = layers_; layer > 0; --layer) {
    for (bool closer = true; closer;) {
      closer = false;
      for (const std::uint32_t next : neighbours(row, layer)) {
        if (next == kNone) break;
        if (const float found = estimate(query, next); found > nearest) {
          nearest = found;
          row = next;
          closer = true;
        }
      }
    }
  }
  return row;
}

// By the upper halves; the whole codes choose among what is kept.
void VectorSegment::walk(const VectorQuery& query, std::size_t breadth, const RowSet* wanted, Nearest& best) const {
  thread_local SeenRows seen;
  seen.begin(keys_.size());
  const auto less = [](const Visit& a, const Visit& b) { return a.score < b.score; };
  std::vector<Visit> open;  // a heap, the nearest on top
  Nearest kept(breadth);
  const auto visit = [&](std::uint32_t row, float score) {
    open.push_back({score, row});
    std::push_heap(open.begin(), open.end(), less);
    if (!wanted || wanted->has(row)) kept.offer({row, score, 0});
  };
  const std::uint32_t start = descend(query);
  (void)seen.first(start);
  visit(start, estimate(query, start));
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
      prefetch(next);
      __builtin_prefetch(scales_.data() + next);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const float found = estimate(query, fresh[i]);
      if (!kept.full() || found > kept.worst()) visit(fresh[i], found);
    }
  }
  for (const Candidate& found : kept.take()) {
    const auto row = static_cast<std::uint32_t>(found.chunk);
    best.offer(candidate(query, row, upper_product(query, row)));
  }
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
  const std::size_t stride = row_bytes(dimension_), half = stride / 2;
  SectionWriter writer(VectorSegment::kind,
                       {sizeof(VectorSegment::Info), bytes(keys_), bytes(scales_), rows() * half, rows() * half, rows(),
                        rows(), bytes(g.lowest), bytes(g.upper_rows), bytes(g.upper_ends), bytes(g.upper)});
  writer.array<VectorSegment::Info>(kVectorInfo)[0] = {dimension_, g.links, g.entry, g.layers};
  const auto put = [&]<class T>(VectorSection section, const std::vector<T>& values) {
    std::copy(values.begin(), values.end(), writer.array<T>(section).begin());
  };
  put(kVectorKeys, keys_);
  put(kVectorScales, scales_);
  for (std::size_t row = 0; row < rows(); ++row) {
    const auto codes = std::span(codes_).subspan(row * stride, stride);
    split_codes(codes, writer.array<std::uint8_t>(kUpperHalves).subspan(row * half, half),
                writer.array<std::uint8_t>(kLowerHalves).subspan(row * half, half));
    std::tie(writer.array<std::uint8_t>(kLowerMeans)[row], writer.array<std::uint8_t>(kLowerSpreads)[row]) =
        spread_of(codes.first(dimension_));
  }
  put(kLowestLayer, g.lowest);
  put(kUpperRows, g.upper_rows);
  put(kUpperEnds, g.upper_ends);
  put(kUpperLayers, g.upper);
  return writer.finish();
}

}  // namespace twin::stores
