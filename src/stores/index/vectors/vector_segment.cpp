#include "stores/index/vectors/vector_segment.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <tuple>

#include "core/result.h"
#include "stores/index/vectors/graph_builder.h"

namespace twin::stores {
namespace {

constexpr std::size_t kBatch = 32;  // rows whose halves are compared at a time, the next ones are fetched meanwhile
constexpr std::size_t kBlocksAhead = 2;  // blocks of signs that are fetched before they are needed
// Rows: the halves of fewer are read sooner than a query is turned, so segments of fewer have no signs.
constexpr std::size_t kSignsFrom = 4096;
constexpr float kSure = 4;  // standard deviations
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
  kUpperLayers,
  kSignMean,
  kSignBits,
  kSignFactors,
  kSignOffsets,
  kIdEnds,
  kIds
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
  sign_mean_ = sections_->array<float>(kSignMean);
  sign_bits_ = sections_->array<std::uint8_t>(kSignBits);
  sign_factors_ = sections_->array<float>(kSignFactors);
  sign_offsets_ = sections_->array<float>(kSignOffsets);
  id_ends_ = sections_->array<std::uint32_t>(kIdEnds);
  ids_ = sections_->array<char>(kIds);
  if (info.size() == 1) {
    dimension_ = info[0].dimension;
    stride_ = row_bytes(dimension_) / 2;
    links_ = info[0].links;
    entry_ = static_cast<std::uint32_t>(info[0].entry);
    layers_ = info[0].layers;
    largest_scale_ = info[0].largest_scale;
    sign_doubt_ = info[0].sign_doubt;
  }
  const std::size_t rows = keys_.size();
  const std::size_t in_blocks = sign_bits_.empty() ? 0 : (rows + kSignBlock - 1) / kSignBlock * kSignBlock;
  const bool fits = info.size() == 1 && scales_.size() == rows && upper_halves_.size() == rows * stride_ &&
                    lower_halves_.size() == rows * stride_ && means_.size() == rows && spreads_.size() == rows &&
                    lowest_.size() == rows * 2 * links_ && upper_rows_.size() == upper_ends_.size() &&
                    upper_.size() == links_ * (upper_ends_.empty() ? 0 : upper_ends_.back()) &&
                    (links_ == 0 || entry_ < rows) && sign_mean_.size() == (in_blocks > 0 ? 2 * stride_ : 0) &&
                    sign_bits_.size() == in_blocks * stride_ / 4 && sign_factors_.size() == in_blocks &&
                    sign_offsets_.size() == in_blocks && id_ends_.size() == rows &&
                    ids_.size() == (rows == 0 ? 0 : id_ends_.back());
  if (!fits) throw Fatal(ErrorKind::internal, "the sections of the vectors' cache do not fit together");
  if (in_blocks > 0) rotation_.emplace(2 * stride_);
}

void VectorSegment::prefetch(std::span<const std::uint8_t> halves, std::uint32_t row) const {
  for (std::size_t byte = 0; byte < stride_; byte += 64) __builtin_prefetch(halves.data() + row * stride_ + byte);
}

void VectorSegment::prefetch_signs(std::size_t row) const {
  if (row >= keys_.size()) return;
  const std::size_t bytes = kSignBlock * stride_ / 4;
  for (std::size_t byte = 0; byte < bytes; byte += 64)
    __builtin_prefetch(sign_bits_.data() + row / kSignBlock * bytes + byte);
}

std::int32_t VectorSegment::half_product(const VectorQuery& query, std::span<const std::uint8_t> halves,
                                         std::uint32_t row) const {
  std::int32_t product = 0;
  best_dot_kernel().half_dots(halves.data(), stride_, &row, 1, query.codes(), &product);
  return product;
}

float VectorSegment::estimate(const VectorQuery& query, std::uint32_t row) const {
  const float lower = static_cast<float>(means_[row]) / kMeanSteps - 128;
  return (16 * static_cast<float>(half_product(query, upper_halves_, row)) + lower * static_cast<float>(query.sum())) *
         scales_[row] * query.scale();
}

Candidate VectorSegment::candidate(const VectorQuery& query, std::uint32_t row, std::int32_t upper,
                                   std::int32_t lower) const {
  const std::int32_t product = 16 * upper + lower - 128 * query.sum();
  return {keys_[row], static_cast<float>(product) * scales_[row] * query.scale(), scales_[row]};
}

std::string_view VectorSegment::id(std::size_t row) const {
  const std::size_t begin = row == 0 ? 0 : id_ends_[row - 1];
  return {ids_.data() + begin, id_ends_[row] - begin};
}

SignQuery VectorSegment::sign_query(const VectorQuery& query) const {
  std::vector<float> values(query.codes(), query.codes() + 2 * stride_);
  for (float& value : values) value *= query.scale();
  return {(*rotation_)(values), sign_mean_, sign_doubt_, kSure};
}

void VectorSegment::scan(const VectorQuery& query, const RowSet* wanted, std::size_t count_wanted, std::size_t k,
                         Nearest& best) const {
  if (best.limit() == 0 || k == 0) return;
  ScoreFloor floor(std::min(k, best.limit()), 2 * rounding_doubt(largest_scale_, query.scale()), best.worst());
  std::array<std::uint32_t, 2 * kBatch> waiting;
  std::size_t count = 0;
  std::optional<SignQuery> signs;
  if (rotation_ && count_wanted >= kSignsFrom) signs = sign_query(query);
  for (std::size_t begin = 0; begin < keys_.size(); begin += kSignBlock) {
    std::uint32_t rows = wanted ? wanted->bits(begin, kSignBlock) : ~std::uint32_t{0};
    if (rows == 0) continue;
    if (keys_.size() - begin < kSignBlock) rows &= (1U << (keys_.size() - begin)) - 1;
    // The halves of one row are read sooner than the signs of a block.
    if (signs && (rows & (rows - 1)) != 0) {
      prefetch_signs(begin + kBlocksAhead * kSignBlock);
      rows &= signs->reaching(sign_bits_.data() + begin * stride_ / 4, sign_factors_.data() + begin,
                              sign_offsets_.data() + begin, floor.floor());
    }
    for (; rows != 0; rows &= rows - 1) {
      const auto row = static_cast<std::uint32_t>(begin) + static_cast<std::uint32_t>(std::countr_zero(rows));
      prefetch(upper_halves_, row);
      waiting[count++] = row;
      if (count < waiting.size()) continue;
      compare(query, std::span(waiting).first(kBatch), floor, best);
      std::copy(waiting.begin() + kBatch, waiting.end(), waiting.begin());
      count = kBatch;
    }
  }
  const auto rest = std::span(waiting).first(count);
  compare(query, rest.first(std::min(count, kBatch)), floor, best);
  compare(query, rest.subspan(std::min(count, kBatch)), floor, best);
}

// Of what the lower halves add their mean is known, and their spread bounds the rest.
void VectorSegment::compare(const VectorQuery& query, std::span<const std::uint32_t> rows, ScoreFloor& floor,
                            Nearest& best) const {
  const HalfDotRows dots = best_dot_kernel().half_dots;
  const auto sum = static_cast<float>(query.sum());
  const float rounding = std::abs(sum) / (2 * kMeanSteps);  // of means
  std::array<std::int32_t, kBatch> upper, lower;
  std::array<std::uint32_t, kBatch> hopeful;
  dots(upper_halves_.data(), stride_, rows.data(), rows.size(), query.codes(), upper.data());
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i];
    const float product =
        16 * static_cast<float>(upper[i]) + (static_cast<float>(means_[row]) / kMeanSteps - 128) * sum;
    const float doubt = kSure / kSpreadSteps * query.doubt() * static_cast<float>(spreads_[row]) + rounding;
    if ((product + doubt) * scales_[row] * query.scale() < floor.floor()) continue;
    prefetch(lower_halves_, row);
    upper[count] = upper[i];
    hopeful[count++] = row;
  }
  dots(lower_halves_.data(), stride_, hopeful.data(), count, query.codes(), lower.data());
  for (std::size_t i = 0; i < count; ++i) {
    const Candidate found = candidate(query, hopeful[i], upper[i], lower[i]);
    best.offer(found);
    floor.add(found.score);
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
      prefetch(upper_halves_, next);
      __builtin_prefetch(scales_.data() + next);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const float found = estimate(query, fresh[i]);
      if (!kept.full() || found > kept.worst()) visit(fresh[i], found);
    }
  }
  for (const Candidate& found : kept.take()) {
    const auto row = static_cast<std::uint32_t>(found.chunk);
    best.offer(candidate(query, row, half_product(query, upper_halves_, row), half_product(query, lower_halves_, row)));
  }
}

void VectorSegmentBuilder::add(std::int64_t key, float scale, std::span<const std::byte> codes, std::string_view id) {
  const std::size_t at = codes_.size();
  codes_.resize(at + row_bytes(dimension_));
  std::memcpy(codes_.data() + at, codes.data(), std::min(codes.size(), dimension_));
  keys_.push_back(key);
  scales_.push_back(scale);
  ids_.insert(ids_.end(), id.begin(), id.end());
  id_ends_.push_back(static_cast<std::uint32_t>(ids_.size()));
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
  const SignCodes signs = rows() < kSignsFrom ? SignCodes() : sign_codes(codes_, scales_, stride);
  SectionWriter writer(VectorSegment::kind, {sizeof(VectorSegment::Info), bytes(keys_), bytes(scales_), rows() * half,
                                             rows() * half, rows(), rows(), bytes(g.lowest), bytes(g.upper_rows),
                                             bytes(g.upper_ends), bytes(g.upper), bytes(signs.mean), bytes(signs.bits),
                                             bytes(signs.factors), bytes(signs.offsets), bytes(id_ends_), bytes(ids_)});
  const float largest_scale = scales_.empty() ? 0 : *std::max_element(scales_.begin(), scales_.end());
  writer.array<VectorSegment::Info>(kVectorInfo)[0] = {dimension_, g.links,       g.entry,
                                                       g.layers,   largest_scale, signs.doubt};
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
  put(kSignMean, signs.mean);
  put(kSignBits, signs.bits);
  put(kSignFactors, signs.factors);
  put(kSignOffsets, signs.offsets);
  put(kIdEnds, id_ends_);
  put(kIds, ids_);
  return writer.finish();
}

}  // namespace twin::stores
