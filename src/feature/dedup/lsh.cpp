#include "feature/dedup/lsh.h"

#include <algorithm>
#include <cmath>

#include "core/split_mix.h"

namespace twin::feature {
namespace {

constexpr std::uint64_t first_slots = 1024;

/// Area under the candidate probability from 0 to the threshold, by the midpoint rule.
double area_below(double threshold, Bands bands) {
  constexpr int steps = 200;
  double sum = 0;
  for (int i = 0; i < steps; ++i) sum += candidate_probability(threshold * (i + 0.5) / steps, bands);
  return sum * threshold / steps;
}

}  // namespace

double candidate_probability(double similarity, Bands bands) {
  const double one_band = std::pow(similarity, static_cast<double>(bands.rows));
  return 1.0 - std::pow(1.0 - one_band, static_cast<double>(bands.count));
}

Bands choose_bands(double threshold, double recall) {
  Bands best{.count = permutations, .rows = 1};
  double least = area_below(threshold, best);
  for (std::size_t rows = 2; rows <= permutations; ++rows) {
    // Fewer bands of as many rows lower the recall as well as the candidates.
    for (std::size_t count = permutations / rows; count > 0; --count) {
      const Bands bands{.count = count, .rows = rows};
      if (candidate_probability(threshold, bands) < recall) break;
      if (const double area = area_below(threshold, bands); area < least) {
        least = area;
        best = bands;
      }
    }
  }
  return best;
}

double least_estimate(double threshold) {
  constexpr double deviations = 4;
  return threshold - deviations * std::sqrt(threshold * (1 - threshold) / static_cast<double>(permutations));
}

SignatureIndex::SignatureIndex(Bands bands) : bands_(bands), heads_(bands.count), next_(bands.count) {}

std::uint64_t SignatureIndex::slot(const Signature& signature, std::size_t band) const {
  std::uint64_t key = band;
  for (std::size_t row = band * bands_.rows; row < (band + 1) * bands_.rows; ++row)
    key = split_mix(key ^ signature[row]);
  return key & mask_;
}

bool SignatureIndex::equal(const Signature& a, const Signature& b, std::size_t band) const {
  const auto first = static_cast<std::ptrdiff_t>(band * bands_.rows);
  const auto rows = static_cast<std::ptrdiff_t>(bands_.rows);
  return std::equal(a.begin() + first, a.begin() + first + rows, b.begin() + first);
}

std::uint32_t SignatureIndex::add(const Signature& signature) {
  const std::uint32_t number = size();
  signatures_.push_back(signature);
  seen_.push_back(0);
  for (auto& next : next_) next.push_back(0);
  if (signatures_.size() > mask_) {
    grow();
  } else {
    link(number);
  }
  return number;
}

void SignatureIndex::link(std::uint32_t number) {
  for (std::size_t band = 0; band < bands_.count; ++band) {
    std::uint32_t& head = heads_[band][slot(signatures_[number], band)];
    next_[band][number] = head;
    head = number + 1;
  }
}

void SignatureIndex::grow() {
  const std::uint64_t slots = std::max(first_slots, 2 * (mask_ + 1));
  mask_ = slots - 1;
  for (auto& heads : heads_) heads.assign(slots, 0);
  for (std::uint32_t number = 0; number < size(); ++number) link(number);
}

void SignatureIndex::candidates(const Signature& signature, double least, std::vector<std::uint32_t>& out) {
  out.clear();
  if (signatures_.empty()) return;
  if (++query_ == 0) {  // the counter went round
    std::fill(seen_.begin(), seen_.end(), 0);
    query_ = 1;
  }
  for (std::size_t band = 0; band < bands_.count; ++band) {
    for (std::uint32_t at = heads_[band][slot(signature, band)]; at != 0; at = next_[band][at - 1]) {
      const std::uint32_t number = at - 1;
      if (seen_[number] == query_ || !equal(signature, signatures_[number], band)) continue;
      seen_[number] = query_;
      if (estimate(signature, signatures_[number]) >= least) out.push_back(number);
    }
  }
  std::sort(out.begin(), out.end());
}

}  // namespace twin::feature
