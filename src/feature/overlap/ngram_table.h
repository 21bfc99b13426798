// N-grams of texts that must not be trained on, by hash: 16 bytes each, at most half of the places taken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "feature/overlap/word_units.h"

namespace twin::feature {

/// A run of words of one text that another text has as well.
struct NgramMatch {
  std::uint64_t ngram = 0;   ///< its hash
  std::uint32_t source = 0;  ///< as given to add()
  std::string words;         ///< as they stand in the text looked at
};

/// Not thread-safe, also not for reading: it keeps its buffers.
class NgramTable {
 public:
  /// Length in words (see word_units.h), from 1. Texts shorter than that are compared whole when they have at least
  /// eight words (or `words`, if that is less).
  explicit NgramTable(int words);

  /// Adds the n-grams of a text. Returns false, and adds nothing, when it is too short to compare. `source` is below
  /// 2^32 - 1. The text must be valid UTF-8.
  bool add(std::string_view utf8, std::uint32_t source);

  /// Every n-gram of the text that was added before; of a run of them that overlap, each. At most `most`.
  void find(std::string_view utf8, std::size_t most, std::vector<NgramMatch>& out);

  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t ngram = 0;  ///< 0: free
    std::uint32_t source = 0;
  };
  struct ShortText {
    std::size_t units = 0;
    std::uint64_t hash = 0;
    std::uint32_t source = 0;
  };

  void read(std::string_view utf8);
  /// The end of the shortest run of units from `first` on that weighs enough; 0 when the text ends before.
  [[nodiscard]] std::size_t run_end(std::size_t first, std::size_t weight) const;
  [[nodiscard]] std::uint64_t hash_of(std::size_t first, std::size_t last) const;
  void insert(std::uint64_t ngram, std::uint32_t source);
  [[nodiscard]] const Slot* lookup(std::uint64_t ngram) const;
  void match(std::size_t first, std::size_t last, std::uint64_t ngram, std::uint32_t source,
             std::vector<NgramMatch>& out) const;

  std::size_t weight_, least_weight_;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::unordered_map<std::uint64_t, std::vector<ShortText>> short_;  // by the hash of their first eight words

  // Of the text that is being read:
  std::string normal_;
  std::string_view text_;
  std::vector<WordUnit> units_;
  std::vector<std::uint64_t> prefix_, power_;  // polynomial over the hashes of the units
  std::vector<std::size_t> weights_;           // of all units before each
};

}  // namespace twin::feature
