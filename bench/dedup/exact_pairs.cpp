#include "exact_pairs.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "feature/dedup/shingles.h"

namespace twin::bench {
namespace {

/// How many sets hold each element.
std::unordered_map<std::uint64_t, std::uint32_t> frequencies(const std::vector<std::vector<std::uint64_t>>& sets) {
  std::unordered_map<std::uint64_t, std::uint32_t> out;
  for (const auto& set : sets) {
    for (const std::uint64_t element : set) ++out[element];
  }
  return out;
}

}  // namespace

std::vector<Pair> exact_pairs(const std::vector<std::vector<std::uint64_t>>& sets, double threshold) {
  const auto frequency = frequencies(sets);
  // Ascending in size, so that only sets already seen can be at least `threshold` as large.
  std::vector<std::uint32_t> order(sets.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(sets[a].size(), a) < std::pair(sets[b].size(), b);
  });

  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> holders;  // by element of a prefix
  std::vector<std::uint32_t> met(sets.size(), UINT32_MAX);                // the last set that was compared with it
  std::vector<Pair> pairs;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> rare_first;
  for (const std::uint32_t number : order) {
    const auto& set = sets[number];
    if (set.empty()) continue;
    rare_first.clear();
    for (const std::uint64_t element : set) rare_first.emplace_back(frequency.at(element), element);
    const auto least = static_cast<std::size_t>(std::ceil(threshold * static_cast<double>(set.size()) - 1e-9));
    const std::size_t prefix = set.size() - least + 1;
    std::partial_sort(rare_first.begin(), rare_first.begin() + static_cast<std::ptrdiff_t>(prefix), rare_first.end());
    for (std::size_t i = 0; i < prefix; ++i) {
      auto& others = holders[rare_first[i].second];
      for (const std::uint32_t other : others) {
        if (met[other] == number || sets[other].size() < least) continue;
        met[other] = number;
        if (feature::jaccard(set, sets[other]) >= threshold) pairs.emplace_back(std::minmax(number, other));
      }
      others.push_back(number);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

}  // namespace twin::bench
