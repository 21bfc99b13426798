// Rows of a segment: a bit each.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace twin::stores {

class RowSet {
 public:
  explicit RowSet(std::size_t rows) : words_((rows + 63) / 64) {}

  void add(std::size_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
  [[nodiscard]] bool has(std::size_t row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
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

/// Calls visit(row) for each row whose key is among `wanted`; both are ascending.
template <class Visit>
void each_common(std::span<const std::int64_t> keys, std::span<const std::int64_t> wanted, Visit&& visit) {
  auto key = keys.begin();
  for (auto want = wanted.begin(); want != wanted.end() && key != keys.end(); ++want) {
    // Near as a rule: steps that double find it in less than a search over all.
    for (std::ptrdiff_t step = 1; *key < *want; step *= 2) {
      const auto bound = keys.end() - key > step ? key + step : keys.end();
      if (bound == keys.end() || *bound >= *want) {
        key = std::lower_bound(key, bound, *want);
        break;
      }
      key = bound;
    }
    if (key != keys.end() && *key == *want) visit(static_cast<std::size_t>(key - keys.begin()));
  }
}

}  // namespace twin::stores
