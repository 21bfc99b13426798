// Phrases of a document that come again: the counting behind QualityMeasures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace twin::feature {

struct PhraseCounts {
  std::size_t most_frequent = 0;  ///< characters in the phrase of 2, 3 or 4 words that has most of them; 0: none twice
  std::size_t repeated = 0;       ///< characters in phrases of 5, 7 or 10 words that came before, the largest of the
                                  ///< three; overlaps count once
};

/// The words of a document in order.
class Phrases {
 public:
  /// `hash` of the word and its length in characters.
  void add(std::uint64_t hash, std::size_t characters) {
    hashes_.push_back(hash);
    lengths_.push_back(lengths_.back() + characters);
  }
  /// Words.
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }
  [[nodiscard]] PhraseCounts count() const;

 private:
  std::vector<std::uint64_t> hashes_;
  std::vector<std::size_t> lengths_{0};  ///< characters in the words before, and in all at the end
};

}  // namespace twin::feature
