// Near-duplicate texts, one after the other: MinHash with banded hashing finds candidates, the exact Jaccard
// similarity of their shingles decides. So what is called a duplicate always is one; what may be missed is what
// hashing misses (see choose_bands()).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "feature/dedup/lsh.h"
#include "feature/dedup/shingles.h"

namespace twin::feature {

/// Keeps the shingles of every text that was added: for samples. For whole documents see duplicates.h.
class NearDuplicates {
 public:
  struct Match {
    std::size_t index = 0;  ///< number of the earlier text, counting those that were added
    double similarity = 0;  ///< Jaccard, 1 for equal texts
  };

  /// `threshold`: Jaccard similarity from which two texts are duplicates.
  explicit NearDuplicates(double threshold, std::size_t shingle_length = default_shingle_length);

  /// The most similar earlier text at or above the threshold (of equally similar ones the first); a text without such a
  /// match is added.
  [[nodiscard]] std::optional<Match> add(std::string_view text);

 private:
  double threshold_;
  std::size_t shingle_length_;
  SignatureIndex index_;
  std::vector<std::vector<std::uint64_t>> texts_;  // shingles of the texts added
  std::vector<std::uint32_t> candidates_;
};

}  // namespace twin::feature
