#include "feature/dedup/near_duplicates.h"

#include <utility>

namespace twin::feature {

NearDuplicates::NearDuplicates(double threshold, std::size_t shingle_length)
    : threshold_(threshold), shingle_length_(shingle_length), index_(choose_bands(threshold)) {}

std::optional<NearDuplicates::Match> NearDuplicates::add(std::string_view text) {
  std::vector<std::uint64_t> set = shingles(text, shingle_length_);
  const Signature signature = minhash(set);
  index_.candidates(signature, least_estimate(threshold_), candidates_);
  std::optional<Match> best;
  for (const std::uint32_t index : candidates_) {
    const double similarity = jaccard(set, texts_[index]);
    if (similarity >= threshold_ && (!best || similarity > best->similarity)) best = Match{index, similarity};
  }
  if (best) return best;
  index_.add(signature);
  texts_.push_back(std::move(set));
  return std::nullopt;
}

}  // namespace twin::feature
