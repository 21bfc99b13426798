// The best passages by BM25: bounds of groups of four passages are added up, then the groups with the highest are
// scored until no other can hold one of the best (Dimopoulos, Nepomnyachiy & Suel 2013, Optimizing top-k document
// retrieval strategies for block-max indexes; Mallia, Suel & Tonellotto 2024, Faster learned sparse retrieval with
// block-max pruning).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "stores/index/words/bm25.h"
#include "stores/index/words/group_bounds.h"
#include "stores/index/words/word_snapshot.h"

namespace twin::stores {
namespace {

constexpr std::size_t kBlock = WordSegment::block_rows, kGroupRows = WordSegment::group_rows;
constexpr std::size_t kBlockGroups = WordSegment::block_groups;
constexpr unsigned kAllRows = (1U << kGroupRows) - 1;  // of a group
// Scores in 32 bits, summed in any order, are off by less than this share; they only choose whom to score exactly.
constexpr float kSlack = 4e-5F;
// Candidates beyond the wanted number that are kept before those that fell behind are thrown out.
constexpr std::size_t kSpare = 1024;
// Blocks whose sums stay in the processor's nearest cache while term after term is added.
constexpr std::size_t kWindow = 32;
// The groups below the first ones are visited in so many rounds, from the highest bounds down.
constexpr int kRounds = 4;
// Terms after which groups that fell behind are looked for.
constexpr std::size_t kTermsBetween = 4;

float highest_of_group(const float* sums) {
  float most = sums[0];
  for (std::size_t i = 1; i < kGroupRows; ++i) most = std::max(most, sums[i]);
  return most;
}

}  // namespace

// The best k scores seen so far, and everybody who may be among them.
class WordSnapshot::TopScores {
 public:
  explicit TopScores(std::size_t k) : k_(k) {}

  [[nodiscard]] std::size_t k() const { return k_; }
  /// Who is below it is not among the best.
  [[nodiscard]] float least() const { return least_; }

  void offer(std::size_t part, Row row) {
    if (row.about < least_) return;
    found_.push_back({part, row});
    if (heap_.size() < k_) {
      heap_.push_back(row.about);
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    } else if (row.about > heap_.front()) {
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      heap_.back() = row.about;
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
    if (heap_.size() == k_) least_ = std::max(least_, heap_.front() * (1 - kSlack));
    if (found_.size() >= limit_) {
      drop_losers();
      limit_ = std::max(limit_, 2 * found_.size());  // many that tie: not again at each offer
    }
  }

  struct Found {
    std::size_t part = 0;
    Row row;
  };
  [[nodiscard]] std::vector<Found> take() {
    drop_losers();
    return std::move(found_);
  }

 private:
  void drop_losers() {
    std::erase_if(found_, [&](const Found& f) { return f.row.about < least_; });
  }

  std::size_t k_;
  std::size_t limit_ = 4 * k_ + kSpare;
  float least_ = std::numeric_limits<float>::min();  // a score of 0 is none
  std::vector<float> heap_;                          // the lowest on top
  std::vector<Found> found_;
};

// One search of one part.
class WordSnapshot::PartSearch {
 public:
  PartSearch(const WordSnapshot& words, std::size_t part, const std::vector<WeightedTerm>& terms, const RowSet* allowed,
             TopScores& top)
      : words_(words),
        number_(part),
        segment_(*words.parts_[part].segment),
        terms_(terms),
        allowed_(allowed),
        top_(top),
        bounds_(segment_.blocks() * kBlockGroups),
        largest_(segment_.blocks()) {}

  void run() {
    add_all_bounds();
    if (unit_ == 0) return;
    if (allowed_) drop_forbidden_groups();
    largest_of_blocks(bounds_, largest_);
    std::uint16_t from = first_round();
    for (int round = 1;; ++round) {
      visit(from);
      const std::uint16_t least = least_units();
      if (from <= least) return;
      from = round < kRounds ? static_cast<std::uint16_t>(least + (from - least) / 2) : least;
    }
  }

 private:
  struct SearchedTerm {
    EntryCursor entries;
    std::uint32_t number = 0;
    float weight = 0;  // idf * (k1 + 1)
  };

  // A term's rows in a block.
  struct Here {
    const std::uint8_t* rows = nullptr;
    std::size_t count = 0;
    const SearchedTerm* term = nullptr;
  };

  void add_all_bounds() {
    struct Way {
      BoundCursor cursor;
      BoundTable table;
    };
    // Longer passages on the average since the segment was made: the same frequency counts for more.
    const double grown = std::max(1.0, words_.average_ / segment_.average()) * (1 + double{kSlack});
    const auto weight = [](const WeightedTerm& term) { return term.idf * (bm25::k1 + 1); };
    double most = 0;
    for (const WeightedTerm& term : terms_) most += term.postings[number_] ? weight(term) * grown : 0;
    if (most == 0) return;
    unit_ = most / BoundTable::most_units;
    std::vector<Way> ways;
    for (const WeightedTerm& term : terms_) {
      const auto& postings = term.postings[number_];
      if (!postings) continue;
      ways.push_back({{postings->entries.data(), postings->entries.data() + postings->entries.size(), postings->bytes,
                       postings->groups},
                      BoundTable(segment_.levels(), weight(term) * grown / unit_)});
      searched_.push_back({EntryCursor(segment_, *postings), postings->term, static_cast<float>(weight(term))});
    }
    for (std::size_t block = 0; block < segment_.blocks(); block += kWindow) {
      for (Way& way : ways) add_bounds(way.cursor, way.table, block + kWindow, bounds_.data());
    }
  }

  void drop_forbidden_groups() {
    for (std::size_t group = 0; group < bounds_.size(); ++group) {
      if (allowed_->bits(group * kGroupRows, kGroupRows) == 0) bounds_[group] = 0;
    }
  }

  // Groups with a bound below it hold none of the best.
  [[nodiscard]] std::uint16_t least_units() const {
    return static_cast<std::uint16_t>(std::clamp(std::ceil(static_cast<double>(top_.least()) / unit_), 1.0, 65'535.0));
  }

  // A bound that as many groups have as passages are wanted.
  [[nodiscard]] std::uint16_t first_round() const {
    if (largest_.size() <= top_.k()) return least_units();
    std::vector<std::uint16_t> sorted = largest_;
    const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(top_.k()) - 1;
    std::nth_element(sorted.begin(), place, sorted.end(), std::greater<>());
    return std::max(*place, least_units());
  }

  // Scores the groups that have a bound of `from` or more and were not scored yet.
  void visit(std::uint16_t from) {
    const std::vector<SearchedTerm> start = searched_;
    for (std::size_t block = 0; block < largest_.size(); ++block) {
      const std::uint16_t least = std::max(from, least_units());
      if (largest_[block] < least) continue;
      std::uint16_t* bounds = bounds_.data() + block * kBlockGroups;
      GroupBits live = groups_reaching(bounds, least);
      if (live != 0) score(block, live);
      for (; live != 0; live &= live - 1) bounds[std::countr_zero(live)] = 0;
    }
    searched_ = start;
  }

  // Term after term, until none of the groups can hold one of the best: those before have what they add, the others at
  // most what is left of the group's bound. What the terms keep of the block is far apart in memory: it is asked for
  // before any of it is read.
  void score(std::size_t block, GroupBits live) {
    const std::size_t base = block * kBlock;
    for (GroupBits rest = live; rest != 0; rest &= rest - 1)
      begin_group(block, static_cast<std::size_t>(std::countr_zero(rest)));
    here_.clear();
    for (SearchedTerm& term : searched_) {
      if (!term.entries.seek(block)) continue;
      const std::uint8_t* rows = term.entries.rows();
      const std::size_t count = term.entries.count();
      __builtin_prefetch(rows);
      __builtin_prefetch(rows + count);
      here_.push_back({rows, count, &term});
    }
    for (std::size_t t = 0; t < here_.size() && live != 0; ++t) {
      add(here_[t], base, live);
      if (t % kTermsBetween == kTermsBetween - 1) drop_hopeless_groups(live);
    }
    for (; live != 0; live &= live - 1) {
      const auto group = static_cast<std::size_t>(std::countr_zero(live));
      for (std::size_t row = group * kGroupRows; row < (group + 1) * kGroupRows; ++row) {
        if (sums_[row] >= top_.least()) top_.offer(number_, {static_cast<std::uint32_t>(base + row), sums_[row]});
      }
    }
  }

  void begin_group(std::size_t block, std::size_t group) {
    left_[group] = static_cast<float>(bounds_[block * kBlockGroups + group]) * static_cast<float>(unit_) * (1 + kSlack);
    const std::size_t first = group * kGroupRows;
    const unsigned may = allowed_ ? allowed_->bits(block * kBlock + first, kGroupRows) : kAllRows;
    for (std::size_t i = 0; i < kGroupRows; ++i)
      sums_[first + i] = (may >> i & 1) != 0 ? 0 : -std::numeric_limits<float>::infinity();
  }

  void add(const Here& here, std::size_t base, GroupBits live) {
    for (GroupBits rest = live; rest != 0; rest &= rest - 1) {
      const auto group = static_cast<std::size_t>(std::countr_zero(rest));
      float most = 0;
      for (std::size_t from = 0; from < here.count; from += 16) {
        std::uint32_t found = rows_of_group(here.rows + from, here.count - from, group);
        if (found == 0) continue;
        const bool last = found >> 15 == 0;
        for (; found != 0; found &= found - 1)
          most = std::max(most, add_row(here, base, from + static_cast<std::size_t>(std::countr_zero(found))));
        if (last) break;
      }
      left_[group] -= most;
    }
  }

  float add_row(const Here& here, std::size_t base, std::size_t i) {
    const std::uint8_t row = here.rows[i], code = here.rows[here.count + i];
    float frequency = words_.frequencies_[code];
    if (code == WordSegment::escape) {
      const auto counts = segment_.counts(code, here.term->number, static_cast<std::uint32_t>(base + row));
      frequency = static_cast<float>(counts.body + words_.heading_weight_ * counts.headings);
    }
    const float added = here.term->weight * (frequency / (frequency + words_.norms_[number_][base + row]));
    sums_[row] += added;
    return added;
  }

  void drop_hopeless_groups(GroupBits& live) const {
    for (GroupBits rest = live; rest != 0; rest &= rest - 1) {
      const auto group = static_cast<std::size_t>(std::countr_zero(rest));
      if (highest_of_group(sums_.data() + group * kGroupRows) + left_[group] < top_.least())
        live &= ~(GroupBits{1} << group);
    }
  }

  const WordSnapshot& words_;
  std::size_t number_;
  const WordSegment& segment_;
  const std::vector<WeightedTerm>& terms_;
  const RowSet* allowed_;
  TopScores& top_;
  std::vector<SearchedTerm> searched_;
  std::vector<Here> here_;
  double unit_ = 0;                              // of bounds; 0: the part holds none of the terms
  std::vector<std::uint16_t> bounds_, largest_;  // of groups, of blocks
  std::array<float, kBlock> sums_;               // of the rows of the block
  std::array<float, kBlockGroups> left_;         // what the terms to come may add
};

std::vector<ScoredPassage> WordSnapshot::best(const std::vector<WeightedTerm>& terms, std::size_t k,
                                              const std::vector<KeyRange>* allowed) const {
  if (k == 0) return {};
  TopScores top(k);
  for (std::size_t number = 0; number < parts_.size(); ++number) {
    const Part& part = parts_[number];
    if (!allowed && !part.gone) {
      PartSearch(*this, number, terms, nullptr, top).run();
      continue;
    }
    const std::size_t rows = part.segment->keys().size();
    RowSet there(rows);
    if (allowed) {
      for (const RowRange& range : rows_in(part.segment->keys(), *allowed)) there.add(range);
    } else {
      there.add({0, static_cast<std::uint32_t>(rows)});
    }
    if (part.gone) there.remove(*part.gone);
    PartSearch(*this, number, terms, &there, top).run();
  }
  auto found = top.take();
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return std::pair(a.part, a.row.row) < std::pair(b.part, b.row.row); });
  std::vector<ScoredPassage> passages;
  for (std::size_t number = 0, at = 0; number < parts_.size(); ++number) {
    std::vector<std::uint32_t> rows;
    for (; at < found.size() && found[at].part == number; ++at) rows.push_back(found[at].row.row);
    std::vector<double> sums(rows.size());
    add_exactly(number, terms, rows, sums);
    for (std::size_t i = 0; i < rows.size(); ++i)
      passages.push_back({parts_[number].segment->keys()[rows[i]], sums[i]});
  }
  keep_best(passages, k);
  return passages;
}

}  // namespace twin::stores
