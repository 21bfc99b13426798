// Near-duplicate texts: MinHash with banded locality-sensitive hashing (Broder 1997; Leskovec et al., Mining of Massive
// Datasets, ch. 3) finds candidates, the exact Jaccard similarity of their shingles decides.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace twin::feature {

class NearDuplicates {
 public:
  struct Match {
    std::size_t index = 0;  ///< number of the earlier text, counting those that were added
    double similarity = 0;  ///< Jaccard, 1 for equal texts
  };

  /// `threshold`: Jaccard similarity from which two texts are duplicates.
  explicit NearDuplicates(double threshold);

  /// The most similar earlier text at or above the threshold; a text without such a match is added.
  [[nodiscard]] std::optional<Match> add(std::string_view text);

 private:
  static constexpr std::size_t permutations = 128;
  using Signature = std::array<std::uint64_t, permutations>;
  [[nodiscard]] Signature signature(const std::vector<std::uint64_t>& shingles) const;
  [[nodiscard]] std::uint64_t band_key(const Signature& signature, std::size_t band) const;

  double threshold_;
  std::size_t rows_;  // signature rows per band
  std::array<std::uint64_t, permutations> factors_{}, terms_{};
  std::vector<std::vector<std::uint64_t>> texts_;  // shingles of the texts added
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> buckets_;
};

/// Hashes of the text's 5-character shingles, case folded, white space collapsed; sorted, each once.
[[nodiscard]] std::vector<std::uint64_t> shingles(std::string_view text);
/// Size of the intersection over size of the union of two sorted sets; 1 when both are empty.
[[nodiscard]] double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b);

}  // namespace twin::feature
