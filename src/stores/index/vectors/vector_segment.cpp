#include "stores/index/vectors/vector_segment.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>

#include "core/result.h"
#include "stores/index/vectors/graph_builder.h"

namespace twin::stores {
namespace {

constexpr std::size_t kBatch = 32;  // rows whose halves are compared at a time, the next ones are fetched meanwhile
constexpr std::size_t kSignsFrom = 4096;  // rows of a segment that has signs
// Wanted rows: the halves of fewer are read sooner than a query is turned.
constexpr std::size_t kSignsWantedFrom = 256;
constexpr std::size_t kMoreFirst = 8;  // rows compared before the others, beside as many as are wanted
constexpr float kSure = 4;             // standard deviations
constexpr float kMeanSteps = 16, kSpreadSteps = 32;

enum VectorSection : std::size_t {
  kVectorInfo,
  kVectorKeys,
  kVectorRows,
  kUpperHalves,
  kLowerHalves,
  kLowestLayer,
  kUpperRows,
  kUpperEnds,
  kUpperLayers,
  kSignMean,
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

// Ranges are short as a rule, a few rows of a document: kStep rows are written in any case, which spares a branch that
// no processor foretells.
void list_rows(std::span<const RowRange> ranges, const RowSet* gone, std::vector<std::uint32_t>& rows) {
  constexpr std::uint32_t kStep = 8;
  std::size_t count = 0;
  for (const RowRange& range : ranges) count += range.end - range.begin;
  rows.resize(count + kStep);
  count = 0;
  for (const RowRange& range : ranges) {
    for (std::uint32_t begin = range.begin; begin < range.end; begin += kStep) {
      for (std::uint32_t i = 0; i < kStep; ++i) rows[count + i] = begin + i;
      count += std::min(kStep, range.end - begin);
    }
  }
  rows.resize(count);
  if (gone) std::erase_if(rows, [&](std::uint32_t row) { return gone->has(row); });
}

// The highest scores and where they are.
std::vector<Candidate> highest(std::span<const float> scores, std::size_t count) {
  Nearest kept(count);
  float least = kept.worst();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] <= least) continue;
    kept.offer({static_cast<std::int64_t>(i), scores[i], 0});
    least = kept.worst();
  }
  return kept.take();
}

// Whether a row stays is not to be foretold, so there is no branch.
void keep_reaching(std::vector<std::uint32_t>& rows, std::span<const float> bounds, float floor) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    rows[count] = rows[i];
    count += bounds[i] >= floor ? 1 : 0;
  }
  rows.resize(count);
}

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
  rows_ = sections_->array<std::uint8_t>(kVectorRows);
  upper_halves_ = sections_->array<std::uint8_t>(kUpperHalves);
  lower_halves_ = sections_->array<std::uint8_t>(kLowerHalves);
  lowest_ = sections_->array<std::uint32_t>(kLowestLayer);
  upper_rows_ = sections_->array<std::uint32_t>(kUpperRows);
  upper_ends_ = sections_->array<std::uint32_t>(kUpperEnds);
  upper_ = sections_->array<std::uint32_t>(kUpperLayers);
  sign_mean_ = sections_->array<float>(kSignMean);
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
  sign_bytes_ = sign_mean_.size() / 8;
  row_stride_ = sign_bytes_ + sizeof(RowFacts);
  const bool fits = info.size() == 1 && rows_.size() == rows * row_stride_ && upper_halves_.size() == rows * stride_ &&
                    lower_halves_.size() == rows * stride_ && lowest_.size() == rows * 2 * links_ &&
                    upper_rows_.size() == upper_ends_.size() &&
                    upper_.size() == links_ * (upper_ends_.empty() ? 0 : upper_ends_.back()) &&
                    (links_ == 0 || entry_ < rows) && (sign_mean_.empty() || sign_mean_.size() == 2 * stride_) &&
                    id_ends_.size() == rows && ids_.size() == (rows == 0 ? 0 : id_ends_.back());
  if (!fits) throw Fatal(ErrorKind::internal, "the sections of the vectors' cache do not fit together");
  if (!sign_mean_.empty()) rotation_.emplace(2 * stride_);
}

void VectorSegment::prefetch(std::span<const std::uint8_t> halves, std::uint32_t row) const {
  for (std::size_t byte = 0; byte < stride_; byte += 64) __builtin_prefetch(halves.data() + row * stride_ + byte);
}

const VectorSegment::RowFacts& VectorSegment::facts(std::uint32_t row) const {
  return *reinterpret_cast<const RowFacts*>(rows_.data() + row * row_stride_ + sign_bytes_);
}

std::int32_t VectorSegment::half_product(const VectorQuery& query, std::span<const std::uint8_t> halves,
                                         std::uint32_t row) const {
  std::int32_t product = 0;
  best_dot_kernel().half_dots(halves.data(), stride_, &row, 1, query.codes(), &product);
  return product;
}

float VectorSegment::estimate(const VectorQuery& query, std::uint32_t row) const {
  const RowFacts& of_row = facts(row);
  const float lower = static_cast<float>(of_row.lower_mean) / kMeanSteps - 128;
  return (16 * static_cast<float>(half_product(query, upper_halves_, row)) + lower * static_cast<float>(query.sum())) *
         of_row.scale * query.scale();
}

Candidate VectorSegment::candidate(const VectorQuery& query, std::uint32_t row, std::int32_t upper,
                                   std::int32_t lower) const {
  const std::int32_t product = 16 * upper + lower - 128 * query.sum();
  const float scale = facts(row).scale;
  return {keys_[row], static_cast<float>(product) * scale * query.scale(), scale};
}

std::string_view VectorSegment::id(std::size_t row) const {
  const std::size_t begin = row == 0 ? 0 : id_ends_[row - 1];
  return {ids_.data() + begin, id_ends_[row] - begin};
}

void VectorSegment::scan(const VectorQuery& query, std::span<const RowRange> ranges, const RowSet* gone, std::size_t k,
                         Nearest& best) const {
  const std::size_t wanted = std::min(k, best.limit());
  if (wanted == 0) return;
  ScoreFloor floor(wanted, 2 * rounding_doubt(largest_scale_, query.scale()), best.worst());
  thread_local std::vector<std::uint32_t> listed;
  thread_local std::vector<float> bounds;
  list_rows(ranges, gone, listed);
  if (rotation_ && listed.size() >= kSignsWantedFrom) {
    bounds.resize(listed.size());
    bound_scores(query, listed, bounds);
    // The most hopeful come first: by their scores most of the others need not be looked at.
    std::vector<std::uint32_t> first;
    for (const Candidate& found : highest(bounds, wanted + kMoreFirst)) {
      const auto i = static_cast<std::size_t>(found.chunk);
      first.push_back(listed[i]);
      bounds[i] = -std::numeric_limits<float>::infinity();
    }
    compare_all(query, first, floor, best);
    keep_reaching(listed, bounds, floor.floor());
  }
  compare_all(query, listed, floor, best);
}

void VectorSegment::bound_scores(const VectorQuery& query, std::span<const std::uint32_t> rows,
                                 std::span<float> bounds) const {
  std::vector<float> values(query.codes(), query.codes() + 2 * stride_);
  for (float& value : values) value *= query.scale();
  const SignQuery signs((*rotation_)(values), sign_mean_, sign_doubt_, kSure);
  constexpr std::size_t kAtOnce = SignQuery::kBatch;
  for (std::size_t begin = 0; begin < rows.size(); begin += kAtOnce) {
    const std::size_t end = std::min(begin + kAtOnce, rows.size()), ahead = std::min(end + kAtOnce, rows.size());
    for (std::size_t i = end; i < ahead; ++i) __builtin_prefetch(rows_.data() + rows[i] * row_stride_);
    signs.bound({rows_.data(), row_stride_}, rows.subspan(begin, end - begin), bounds.subspan(begin, end - begin));
  }
}

void VectorSegment::compare_all(const VectorQuery& query, std::span<const std::uint32_t> rows, ScoreFloor& floor,
                                Nearest& best) const {
  for (std::size_t begin = 0; begin < rows.size(); begin += kBatch) {
    const auto from_here = rows.subspan(begin);
    const auto batch = from_here.first(std::min(kBatch, from_here.size()));
    const auto next = from_here.subspan(batch.size());
    for (const std::uint32_t row : next.first(std::min(kBatch, next.size()))) prefetch(upper_halves_, row);
    compare(query, batch, floor, best);
  }
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
    const RowFacts& of_row = facts(row);
    const float product =
        16 * static_cast<float>(upper[i]) + (static_cast<float>(of_row.lower_mean) / kMeanSteps - 128) * sum;
    const float doubt = kSure / kSpreadSteps * query.doubt() * static_cast<float>(of_row.lower_spread) + rounding;
    if ((product + doubt) * of_row.scale * query.scale() < floor.floor()) continue;
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
      __builtin_prefetch(&facts(next));
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
  const std::size_t sign_bytes = signs.mean.size() / 8, row_stride = sign_bytes + sizeof(VectorSegment::RowFacts);
  SectionWriter writer(
      VectorSegment::kind,
      {sizeof(VectorSegment::Info), bytes(keys_), rows() * row_stride, rows() * half, rows() * half, bytes(g.lowest),
       bytes(g.upper_rows), bytes(g.upper_ends), bytes(g.upper), bytes(signs.mean), bytes(id_ends_), bytes(ids_)});
  const float largest_scale = scales_.empty() ? 0 : *std::max_element(scales_.begin(), scales_.end());
  writer.array<VectorSegment::Info>(kVectorInfo)[0] = {dimension_, g.links,       g.entry,
                                                       g.layers,   largest_scale, signs.doubt};
  const auto put = [&]<class T>(VectorSection section, const std::vector<T>& values) {
    std::copy(values.begin(), values.end(), writer.array<T>(section).begin());
  };
  put(kVectorKeys, keys_);
  for (std::size_t row = 0; row < rows(); ++row) {
    const auto codes = std::span(codes_).subspan(row * stride, stride);
    split_codes(codes, writer.array<std::uint8_t>(kUpperHalves).subspan(row * half, half),
                writer.array<std::uint8_t>(kLowerHalves).subspan(row * half, half));
    VectorSegment::RowFacts facts;
    facts.scale = scales_[row];
    std::tie(facts.lower_mean, facts.lower_spread) = spread_of(codes.first(dimension_));
    const auto bytes_of_row = writer.array<std::uint8_t>(kVectorRows).subspan(row * row_stride, row_stride);
    if (sign_bytes > 0) {
      facts.sign_factor = signs.factors[row];
      facts.sign_offset = signs.offsets[row];
      std::copy_n(signs.bits.begin() + static_cast<std::ptrdiff_t>(row * sign_bytes), sign_bytes, bytes_of_row.begin());
    }
    std::memcpy(bytes_of_row.data() + sign_bytes, &facts, sizeof facts);
  }
  put(kLowestLayer, g.lowest);
  put(kUpperRows, g.upper_rows);
  put(kUpperEnds, g.upper_ends);
  put(kUpperLayers, g.upper);
  put(kSignMean, signs.mean);
  put(kIdEnds, id_ends_);
  put(kIds, ids_);
  return writer.finish();
}

}  // namespace twin::stores
