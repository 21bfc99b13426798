// An inverted index over a range of passages: immutable, in one piece of memory or mapped from a file.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stores/index/cache/section_file.h"

namespace twin::stores {

/// What half bytes of bounds stand for, of 255, ascending; the first is 0, the last the largest bound that occurs.
using BoundLevels = std::array<std::uint8_t, 16>;

/// Rows are passages in ascending order of their keys, in blocks of 256. For each term: an entry for each block in
/// which it occurs, with a bound of what it adds to a score there (Ding & Suel 2011, Faster top-k document retrieval
/// using block-max indexes); for each occurrence a byte for the row in its block and a byte for the counts. For terms
/// that occur often in a block: also half a byte for each 4 rows, a bound of what the term adds to them.
class WordSegment {
 public:
  static constexpr std::size_t block_rows = 256;
  static constexpr std::size_t group_rows = 4;
  static constexpr std::size_t block_groups = block_rows / group_rows;
  /// Terms with so many rows in a block, on the average, have bounds of its groups.
  static constexpr std::size_t grouped_from = 3;
  /// Kind of the file; another layout is another kind.
  static constexpr std::string_view kind = "words 2";

  struct Entry {
    std::uint16_t block = 0;
    std::uint8_t more = 0;   ///< rows in the block, less one
    std::uint8_t bound = 0;  ///< of 255: frequency / (frequency + norm) is at most this, with average() and the weight
  };
  /// Where a term occurs. The rows of an entry lie as `rows` bytes, then as many of counts; entries one after another.
  struct Postings {
    std::uint32_t term = 0;
    std::span<const Entry> entries;
    const std::uint8_t* bytes = nullptr;
    std::uint64_t passages = 0;
    const std::uint8_t* groups = nullptr;              ///< 32 bytes an entry (group_bounds.h); null: the term has none
    std::uint64_t first_entry = 0, first_posting = 0;  ///< among all of the segment
  };
  struct Counts {
    std::uint32_t headings = 0, body = 0;
  };

  /// Throws Fatal when the sections do not fit together.
  explicit WordSegment(std::shared_ptr<const Sections> sections);

  [[nodiscard]] std::span<const std::int64_t> keys() const { return keys_; }
  [[nodiscard]] std::span<const std::uint32_t> lengths() const { return lengths_; }
  [[nodiscard]] std::size_t blocks() const { return (keys_.size() + block_rows - 1) / block_rows; }
  [[nodiscard]] std::size_t terms() const { return term_ends_.size(); }
  [[nodiscard]] std::uint64_t total_length() const { return total_length_; }
  /// Length of a passage and weight of headings for which the bounds hold.
  [[nodiscard]] double average() const { return average_; }
  [[nodiscard]] double heading_weight() const { return heading_weight_; }
  [[nodiscard]] const BoundLevels& levels() const { return levels_; }
  [[nodiscard]] const Sections& sections() const { return *sections_; }

  [[nodiscard]] std::optional<Postings> find(std::string_view term) const;
  /// What the byte of counts means; `escape` is looked up.
  [[nodiscard]] Counts counts(std::uint8_t code, std::uint32_t term, std::uint32_t row) const;
  static constexpr std::uint8_t escape = 0xFF;

 private:
  friend class WordSegmentBuilder;
  friend class EntryCursor;
  struct Info {
    std::uint64_t total_length = 0;
    double average = 0;
    double heading_weight = 0;
    BoundLevels levels{};
  };
  struct Grouped {
    std::uint32_t term = 0;
    std::uint32_t unused = 0;
    std::uint64_t first = 0;  ///< of its entries, among those of all grouped terms
  };
  struct Exception {
    std::uint32_t term = 0, row = 0;
    Counts counts;
  };
  [[nodiscard]] std::string_view term(std::size_t number) const;
  [[nodiscard]] std::size_t grouped_bytes() const;

  std::shared_ptr<const Sections> sections_;
  std::span<const std::int64_t> keys_;
  std::span<const std::uint32_t> lengths_;
  std::span<const std::uint64_t> term_ends_;  // in the text of all terms, ascending by bytes
  std::span<const char> text_;
  std::span<const std::uint64_t> entry_ends_;
  std::span<const std::uint64_t> posting_ends_;  // in occurrences: two bytes each
  std::span<const Entry> entries_;
  std::span<const std::uint8_t> postings_;
  std::span<const Exception> exceptions_;  // counts too large for a byte, by term and row
  std::span<const Grouped> grouped_;       // by term
  std::span<const std::uint8_t> groups_;
  std::span<const std::uint64_t> skips_;  // occurrences before each 32nd entry
  std::uint64_t total_length_ = 0;
  double average_ = 0;
  double heading_weight_ = 0;
  BoundLevels levels_{};
};

/// A way through a term's entries, forwards, without a look at those between.
class EntryCursor {
 public:
  EntryCursor(const WordSegment& segment, const WordSegment::Postings& postings);

  /// Goes to the entry of the block, or else of the next one; false: the term does not occur in this one. Blocks must
  /// not come in descending order.
  [[nodiscard]] bool seek(std::size_t block) {
    if (at_ == entries_.size()) return false;
    const std::size_t here = entries_[at_].block;
    if (here >= block) return here == block;
    return move(block);
  }
  [[nodiscard]] std::size_t count() const { return std::size_t{entries_[at_].more} + 1; }
  /// Rows in the block, then as many bytes of counts.
  [[nodiscard]] const std::uint8_t* rows() const { return bytes_ + 2 * before_; }

 private:
  [[nodiscard]] bool move(std::size_t block);

  std::span<const WordSegment::Entry> entries_;
  std::span<const std::uint64_t> skips_;
  const std::uint8_t* bytes_;
  std::uint64_t first_entry_, first_posting_;
  std::size_t at_ = 0;
  std::uint64_t before_ = 0;  // occurrences in the entries before
};

/// Makes a segment of passages that come in ascending order of their keys. At most 2^24 of them.
class WordSegmentBuilder {
 public:
  static constexpr std::size_t most_rows = std::size_t{1} << 24;

  /// `packed`: as pack() wrote it. False: it is damaged; the segment is spoilt then.
  [[nodiscard]] bool add(std::int64_t key, std::span<const std::byte> packed);
  [[nodiscard]] std::size_t rows() const { return keys_.size(); }
  /// The segment, in the layout of its file. The builder is spent then.
  [[nodiscard]] std::vector<std::byte> finish(double heading_weight);

 private:
  struct Term {
    std::uint64_t entries = 0, occurrences = 0;
  };
  std::uint32_t number_of(std::string_view term);
  void close_block();
  /// Calls visit(block, run) for each entry, in the order of the blocks.
  template <class Visit>
  void each_run(Visit&& visit) const;

  std::vector<std::int64_t> keys_;
  std::vector<std::uint32_t> lengths_;
  std::deque<std::string> texts_;  // stays in place: the map's keys are views of it
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<Term> terms_;
  std::vector<std::uint64_t> open_;  // occurrences of the current block: term, row in the block, counts
  std::vector<std::uint8_t> runs_;   // finished blocks, one after another: term, more, rows, counts
  std::vector<std::size_t> run_ends_;
  std::vector<WordSegment::Exception> exceptions_;
};

}  // namespace twin::stores
