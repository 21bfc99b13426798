// Locality-sensitive hashing of signatures in bands (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, ch. 3):
// two signatures are candidates when they agree in all rows of at least one band.
#pragma once

#include <cstdint>
#include <vector>

#include "feature/dedup/minhash.h"

namespace twin::feature {

struct Bands {
  std::size_t count = 0;
  std::size_t rows = 0;  ///< count · rows <= permutations
};

/// 1 - (1 - s^rows)^count: how probable it is that sets of this Jaccard similarity become candidates.
[[nodiscard]] double candidate_probability(double similarity, Bands bands);

/// Of all cuts whose probability at the threshold is at least `recall`, the one with the least area of that curve below
/// the threshold, thus the fewest candidates in vain (the false positive area of datasketch). No cut reaches `recall`:
/// bands of one row.
[[nodiscard]] Bands choose_bands(double threshold, double recall = 0.999);

/// Signatures by number. Takes 512 bytes for a signature and about 12 for each of its bands.
class SignatureIndex {
 public:
  explicit SignatureIndex(Bands bands);

  /// Returns the number of the signature: 0, 1, 2 …
  std::uint32_t add(const Signature& signature);

  /// Numbers of the signatures that share a band and whose estimated similarity is at least `least`; ascending, each
  /// once. Not thread-safe.
  void candidates(const Signature& signature, double least, std::vector<std::uint32_t>& out);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(signatures_.size()); }

 private:
  [[nodiscard]] std::uint64_t slot(const Signature& signature, std::size_t band) const;
  [[nodiscard]] bool equal(const Signature& a, const Signature& b, std::size_t band) const;
  void link(std::uint32_t number);
  void grow();

  Bands bands_;
  std::vector<Signature> signatures_;
  std::vector<std::vector<std::uint32_t>> heads_;  // by band: a chain for each slot, number + 1, 0 is its end
  std::vector<std::vector<std::uint32_t>> next_;   // by band and number
  std::uint64_t mask_ = 0;                         // slots of a band - 1
  std::vector<std::uint32_t> seen_;                // by number: the last query that met it
  std::uint32_t query_ = 0;
};

/// What an estimate may fall short of the true similarity before a candidate is not worth comparing: four standard
/// deviations at the threshold.
[[nodiscard]] double least_estimate(double threshold);

}  // namespace twin::feature
