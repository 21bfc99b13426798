// The words of one instant of the index, and BM25 over them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stores/index/cache/segment_cache.h"
#include "stores/index/words/word_segment.h"

namespace twin::stores {

/// A term of a query as one snapshot knows it.
struct WeightedTerm {
  double idf = 0;
  std::int64_t holding = 0;                                    ///< how many passages hold it
  std::vector<std::optional<WordSegment::Postings>> postings;  ///< of each part
};

struct ScoredPassage {
  std::int64_t key = 0;
  double score = 0;
};

/// Keeps the best k and all that tie with the last of them, in no order.
void keep_best(std::vector<ScoredPassage>& passages, std::size_t k);

/// Immutable, so that any number of threads search it while the next one is made. Passages that are gone stay in their
/// segments and are skipped; they count nowhere.
class WordSnapshot {
 public:
  using Segment = WordSegment;
  using Part = SegmentPart<WordSegment>;
  struct Settings {
    double heading_weight = 2.0;
  };

  WordSnapshot(std::int64_t generation, std::int64_t removals, std::vector<Part> parts, Settings settings);

  [[nodiscard]] static bool accepts(const WordSegment& segment, Settings settings) {
    return segment.heading_weight() == settings.heading_weight;
  }
  /// See SegmentCache. Throws Fatal when what the database holds is damaged.
  [[nodiscard]] static std::vector<std::byte> build(sqlite::Connection& connection, std::int64_t after,
                                                    std::size_t& rows, Settings settings, bool to_save);
  [[nodiscard]] static bool resaves(std::uint64_t changed, std::uint64_t passages, Settings settings);

  [[nodiscard]] std::int64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::int64_t removals() const noexcept { return removals_; }
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }
  [[nodiscard]] std::int64_t passages() const noexcept { return passages_; }
  /// Looks a term up; good for this snapshot alone.
  [[nodiscard]] WeightedTerm term(std::string_view text) const;

  /// The best k passages by BM25 and all that tie with the last of them, in no order. `allowed`: keys that may be
  /// found, in ranges that are ascending and apart; null: all. Groups of passages that cannot reach the best k are
  /// skipped; what was looked at before that is two bytes for each four passages, for the time of the search.
  [[nodiscard]] std::vector<ScoredPassage> best(const std::vector<WeightedTerm>& terms, std::size_t k,
                                                const std::vector<KeyRange>* allowed) const;
  /// Scores of these passages (keys in ascending order); 0 for one without any of the terms, or that is gone.
  [[nodiscard]] std::vector<double> scores(const std::vector<WeightedTerm>& terms,
                                           const std::vector<std::int64_t>& keys) const;
  /// held[i][t]: whether the passage keys[i] (ascending) holds the term t, in headings only if those have a weight.
  [[nodiscard]] std::vector<std::vector<bool>> held(const std::vector<WeightedTerm>& terms,
                                                    const std::vector<std::int64_t>& keys) const;

 private:
  class TopScores;
  class PartSearch;
  struct Row {
    std::uint32_t row = 0;
    float about = 0;  ///< score in 32 bits, summed in any order
  };
  /// Calls visit(number of a part, its rows in ascending order, their places in `keys`) for the passages that are
  /// there.
  template <class Visit>
  void each_part(const std::vector<std::int64_t>& keys, Visit&& visit) const;
  /// Calls visit(i, frequency) for each of the rows (ascending) that hold the term.
  template <class Visit>
  void each_holding(std::size_t part, const WeightedTerm& term, const std::vector<std::uint32_t>& rows,
                    Visit&& visit) const;
  /// Adds to sums[i] what the terms add to rows[i] (ascending), always in the order of the terms.
  void add_exactly(std::size_t part, const std::vector<WeightedTerm>& terms, const std::vector<std::uint32_t>& rows,
                   std::vector<double>& sums) const;

  std::int64_t generation_;
  std::int64_t removals_;
  std::vector<Part> parts_;
  std::vector<std::vector<float>> norms_;  // bm25::norm() of each row of each part
  double heading_weight_;
  std::int64_t passages_ = 0;
  double average_ = 1;
  std::vector<float> frequencies_;  // weighted, by byte of counts; of the escape 0
};

}  // namespace twin::stores
