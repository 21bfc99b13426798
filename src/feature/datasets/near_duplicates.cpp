#include "feature/datasets/near_duplicates.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "core/text/unicode.h"
#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

constexpr std::size_t shingle_length = 5;  // in code points
constexpr double wanted_recall = 0.999;    // of pairs exactly at the threshold

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30u)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27u)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31u);
}

// The most rows per band, thus the fewest false candidates, that still find a pair at the threshold.
std::size_t rows_for(double threshold, std::size_t permutations) {
  for (const std::size_t rows : {8u, 4u, 2u}) {
    const double bands = static_cast<double>(permutations / rows);
    const double missed = std::pow(1.0 - std::pow(threshold, static_cast<double>(rows)), bands);
    if (1.0 - missed >= wanted_recall) return rows;
  }
  return 1;
}

}  // namespace

std::vector<std::uint64_t> shingles(std::string_view text) {
  const std::string plain = text::fold(collapse_space(text));
  const std::vector<text::Codepoint> points = text::codepoints(plain);
  std::vector<std::uint64_t> out;
  const std::size_t count =
      points.size() < shingle_length ? std::min<std::size_t>(1, points.size()) : points.size() - shingle_length + 1;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t hash = 0;
    for (std::size_t j = i; j < std::min(i + shingle_length, points.size()); ++j) hash = mix(hash ^ points[j].value);
    out.push_back(hash);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  if (a.empty() && b.empty()) return 1.0;
  std::size_t common = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    if (*x == *y) ++common;
    if (*x < *y) {
      ++x;
    } else if (*y < *x) {
      ++y;
    } else {
      ++x;
      ++y;
    }
  }
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

NearDuplicates::NearDuplicates(double threshold) : threshold_(threshold), rows_(rows_for(threshold, permutations)) {
  for (std::size_t i = 0; i < permutations; ++i) {
    factors_[i] = mix(2 * i) | 1u;
    terms_[i] = mix(2 * i + 1);
  }
}

NearDuplicates::Signature NearDuplicates::signature(const std::vector<std::uint64_t>& shingles) const {
  Signature lowest;
  lowest.fill(UINT64_MAX);
  for (const std::uint64_t shingle : shingles) {
    for (std::size_t i = 0; i < permutations; ++i) {
      lowest[i] = std::min(lowest[i], shingle * factors_[i] + terms_[i]);
    }
  }
  return lowest;
}

std::uint64_t NearDuplicates::band_key(const Signature& signature, std::size_t band) const {
  std::uint64_t key = mix(band);
  for (std::size_t row = band * rows_; row < (band + 1) * rows_; ++row) key = mix(key ^ signature[row]);
  return key;
}

std::optional<NearDuplicates::Match> NearDuplicates::add(std::string_view text) {
  std::vector<std::uint64_t> set = shingles(text);
  const Signature lowest = signature(set);
  std::set<std::size_t> candidates;
  for (std::size_t band = 0; band < permutations / rows_; ++band) {
    const auto bucket = buckets_.find(band_key(lowest, band));
    if (bucket != buckets_.end()) candidates.insert(bucket->second.begin(), bucket->second.end());
  }
  std::optional<Match> best;
  for (const std::size_t index : candidates) {
    const double similarity = jaccard(set, texts_[index]);
    if (similarity >= threshold_ && (!best || similarity > best->similarity)) best = Match{index, similarity};
  }
  if (best) return best;
  for (std::size_t band = 0; band < permutations / rows_; ++band) {
    buckets_[band_key(lowest, band)].push_back(texts_.size());
  }
  texts_.push_back(std::move(set));
  return std::nullopt;
}

}  // namespace twin::feature
