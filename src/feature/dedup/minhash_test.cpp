#include "feature/dedup/minhash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/split_mix.h"
#include "feature/dedup/lsh.h"
#include "feature/dedup/shingles.h"

namespace twin::feature {
namespace {

/// Two sets of `size` numbers each, of which the given share of the union is common.
std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> sets(std::size_t size, double similarity,
                                                                       std::uint64_t seed) {
  const auto common =
      static_cast<std::size_t>(std::lround(2 * similarity * static_cast<double>(size) / (1 + similarity)));
  std::vector<std::uint64_t> a, b;
  for (std::size_t i = 0; i < size; ++i) {
    a.push_back(split_mix(seed + i));
    b.push_back(split_mix(seed + (i < common ? i : i + size)));
  }
  make_set(a);
  make_set(b);
  return {a, b};
}

TEST_CASE("a signature depends on the set alone, not on order or repeats") {
  const auto [set, other] = sets(500, 0.3, 1);
  std::vector<std::uint64_t> shuffled = set;
  shuffled.insert(shuffled.end(), set.begin(), set.begin() + 100);
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(7));
  CHECK(minhash(set) == minhash(shuffled));
  CHECK(minhash(set) != minhash(other));
  CHECK(estimate(minhash(set), minhash(set)) == 1.0);
  Signature none;
  none.fill(UINT32_MAX);
  CHECK(minhash({}) == none);
}

TEST_CASE("a signature is what the definition says, on any processor") {
  for (const std::size_t size : {1u, 2u, 7u, 300u}) {
    const auto set = sets(size, 0, 99).first;
    Signature expected;
    expected.fill(UINT32_MAX);
    for (const std::uint64_t hash : set) {
      for (std::size_t i = 0; i < permutations; ++i) {
        const auto factor = static_cast<std::uint32_t>(split_mix(2 * i) >> 32u) | 1u;
        const auto term = static_cast<std::uint32_t>(split_mix(2 * i + 1) >> 32u);
        expected[i] = std::min(expected[i], factor * static_cast<std::uint32_t>(hash >> 32u) + term);
      }
    }
    CHECK(minhash(set) == expected);
  }
}

TEST_CASE("the estimate is unbiased and spreads as it should") {
  for (const double similarity : {0.2, 0.5, 0.8, 0.95}) {
    constexpr int trials = 200;
    double sum = 0, squares = 0, truth = 0;
    for (std::uint64_t trial = 0; trial < trials; ++trial) {
      const auto [a, b] = sets(1000, similarity, trial << 32u);
      truth = jaccard(a, b);
      const double error = estimate(minhash(a), minhash(b)) - truth;
      sum += error;
      squares += error * error;
    }
    const double deviation = std::sqrt(truth * (1 - truth) / static_cast<double>(permutations));
    CAPTURE(similarity);
    CHECK(std::abs(sum / trials) < 3.5 * deviation / std::sqrt(trials));
    CHECK(std::sqrt(squares / trials) < 1.2 * deviation);
  }
}

TEST_CASE("bands find what they promise with as few candidates as they can") {
  for (const double threshold : {0.3, 0.5, 0.7, 0.8, 0.9, 0.99}) {
    CAPTURE(threshold);
    const Bands bands = choose_bands(threshold, 0.999);
    CHECK(bands.count * bands.rows <= permutations);
    CHECK(candidate_probability(threshold, bands) >= 0.999);
    // One more row, with as many bands as fit, breaks the promise.
    const Bands narrower{.count = permutations / (bands.rows + 1), .rows = bands.rows + 1};
    CHECK(candidate_probability(threshold, narrower) < 0.999);
  }
  CHECK(choose_bands(0.8).rows == 5);
  CHECK(choose_bands(0.01).rows == 1);
}

TEST_CASE("the index returns each candidate once, in order, and keeps doing so as it grows") {
  SignatureIndex index(choose_bands(0.8));
  std::vector<std::vector<std::uint64_t>> first, second;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    auto [a, b] = sets(60, 0.9, i << 32u);
    CHECK(index.add(minhash(a)) == i);
    first.push_back(std::move(a));
    second.push_back(std::move(b));
  }
  std::vector<std::uint32_t> found;
  std::size_t hits = 0, wrong = 0;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    index.candidates(minhash(first[i]), least_estimate(0.8), found);
    CHECK(found == std::vector<std::uint32_t>{i});
    index.candidates(minhash(second[i]), least_estimate(0.8), found);
    hits += std::count(found.begin(), found.end(), i) == 1 ? 1u : 0u;
    wrong += found.size() > 1 ? 1u : 0u;
  }
  CHECK(hits >= 2990);
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace twin::feature
