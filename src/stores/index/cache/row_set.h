// Rows of a segment: a bit each, or ranges of them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace twin::stores {

/// Rows begin … end - 1.
struct RowRange {
  std::uint32_t begin = 0, end = 0;
};

/// Keys first … last, both among them.
struct KeyRange {
  std::int64_t first = 0, last = 0;
};

class RowSet {
 public:
  explicit RowSet(std::size_t rows) : words_((rows + 63) / 64) {}

  void add(std::size_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
  void add(RowRange range) {
    for (std::size_t row = range.begin; row < range.end;) {
      const std::size_t bit = row % 64, count = std::min<std::size_t>(64 - bit, range.end - row);
      words_[row / 64] |= (~std::uint64_t{0} >> (64 - count)) << bit;
      row += count;
    }
  }
  /// Takes out what is in the other set, which is of the same segment.
  void remove(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }
  [[nodiscard]] bool has(std::size_t row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
  /// A bit for each of `count` rows (at most 32) from `begin` on, which are of the same 64; none beyond the last row.
  [[nodiscard]] std::uint32_t bits(std::size_t begin, unsigned count) const {
    if (begin / 64 >= words_.size()) return 0;
    return static_cast<std::uint32_t>(words_[begin / 64] >> (begin % 64) & (~std::uint64_t{0} >> (64 - count)));
  }
  /// Whether any row of the half-open range is in it. `begin` is a multiple of 64.
  [[nodiscard]] bool any(std::size_t begin, std::size_t end) const {
    const std::size_t last = std::min((end + 63) / 64, words_.size());
    return std::any_of(words_.begin() + static_cast<std::ptrdiff_t>(std::min(begin / 64, last)),
                       words_.begin() + static_cast<std::ptrdiff_t>(last), [](std::uint64_t w) { return w != 0; });
  }
  [[nodiscard]] std::size_t count() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : words_) sum += static_cast<std::size_t>(std::popcount(word));
    return sum;
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// The first place from `key` on whose key is not below `wanted`; keys are ascending and differ. Where none is missing
/// between, it is as far ahead as they differ; elsewhere it is near as a rule: steps that double find it in less than a
/// search over all.
[[nodiscard]] inline std::span<const std::int64_t>::iterator seek(std::span<const std::int64_t>::iterator key,
                                                                  std::span<const std::int64_t>::iterator end,
                                                                  std::int64_t wanted) {
  if (key == end || *key >= wanted) return key;
  if (const std::int64_t ahead = wanted - *key; ahead < end - key && key[ahead] == wanted) return key + ahead;
  for (std::ptrdiff_t step = 1; key != end && *key < wanted; step *= 2) {
    const auto bound = end - key > step ? key + step : end;
    if (bound == end || *bound >= wanted) return std::lower_bound(key, bound, wanted);
    key = bound;
  }
  return key;
}

/// Calls visit(row) for each row whose key is among `wanted`; both are ascending.
template <class Visit>
void each_common(std::span<const std::int64_t> keys, std::span<const std::int64_t> wanted, Visit&& visit) {
  auto key = keys.begin();
  for (const std::int64_t want : wanted) {
    key = seek(key, keys.end(), want);
    if (key == keys.end()) return;
    if (*key == want) visit(static_cast<std::size_t>(key - keys.begin()));
  }
}

/// The rows whose keys lie in one of the ranges, which are ascending and apart. Where no key is missing, they follow
/// without a look at the keys.
[[nodiscard]] inline std::vector<RowRange> rows_in(std::span<const std::int64_t> keys,
                                                   std::span<const KeyRange> ranges) {
  std::vector<RowRange> rows;
  if (keys.empty()) return rows;
  rows.reserve(ranges.size());
  if (const std::int64_t first = keys.front(), last = keys.back();
      last - first == static_cast<std::int64_t>(keys.size()) - 1) {
    for (const KeyRange& range : ranges) {
      if (range.last < first || range.first > last) continue;
      rows.push_back({static_cast<std::uint32_t>(std::max(range.first, first) - first),
                      static_cast<std::uint32_t>(std::min(range.last, last) - first + 1)});
    }
    return rows;
  }
  auto key = keys.begin();
  for (const KeyRange& range : ranges) {
    key = seek(key, keys.end(), range.first);
    if (key == keys.end()) break;
    const auto begin = key;
    key = seek(key, keys.end(), range.last + 1);
    if (begin == key) continue;
    rows.push_back({static_cast<std::uint32_t>(begin - keys.begin()), static_cast<std::uint32_t>(key - keys.begin())});
  }
  return rows;
}

}  // namespace twin::stores
