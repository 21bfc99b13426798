// The best passages by BM25, block by block.
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "stores/index/words/bm25.h"
#include "stores/index/words/word_snapshot.h"

namespace twin::stores {
namespace {

constexpr std::size_t kBlock = WordSegment::block_rows;
// Scores in 32 bits, summed in any order, are off by less than this share; they only choose whom to score exactly.
constexpr float kSlack = 4e-5F;
// Candidates beyond the wanted number that are kept before those that fell behind are thrown out.
constexpr std::size_t kSpare = 1024;

// A term's way through the blocks of a segment.
struct Cursor {
  const WordSegment::Entry* entry = nullptr;
  const WordSegment::Entry* end = nullptr;
  const std::uint8_t* bytes = nullptr;  // of the entry
  std::uint32_t term = 0;
  float weight = 0;        // idf * (k1 + 1)
  float bound_weight = 0;  // times an entry's bound: what the term adds at most

  [[nodiscard]] std::size_t count() const { return std::size_t{entry->more} + 1; }
  [[nodiscard]] float bound() const { return bound_weight * static_cast<float>(entry->bound); }
  void advance() {
    bytes += 2 * count();
    ++entry;
  }
};

bool reaches(const std::array<float, kBlock>& sums, float least) {
  bool any = false;
  for (const float sum : sums) any |= sum >= least;
  return any;
}

}  // namespace

// The best k scores seen so far, and everybody who may be among them.
class WordSnapshot::TopScores {
 public:
  explicit TopScores(std::size_t k) : k_(k) {}

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

void WordSnapshot::search(std::size_t number, const std::vector<WeightedTerm>& terms, const RowSet* allowed,
                          TopScores& top) const {
  const WordSegment& segment = *parts_[number].segment;
  std::vector<Cursor> cursors;
  // Longer passages on the average since the segment was made: the same frequency counts for more.
  const double grown = std::max(1.0, average_ / segment.average());
  for (const WeightedTerm& term : terms) {
    const auto& postings = term.postings[number];
    if (!postings) continue;
    const double weight = term.idf * (bm25::k1 + 1);
    cursors.push_back({postings->entries.data(), postings->entries.data() + postings->entries.size(), postings->bytes,
                       postings->term, static_cast<float>(weight),
                       static_cast<float>(weight * grown / 255.0 * (1 + double{kSlack}))});
  }
  std::vector<Cursor*> here;  // terms of the block, those that may add most first
  std::vector<float> rest;    // what they and those after them may add
  std::array<float, kBlock> sums;
  std::size_t block = 0;
  const auto next_block = [&] {
    std::size_t next = SIZE_MAX;
    std::erase_if(cursors, [](const Cursor& c) { return c.entry == c.end; });
    for (const Cursor& c : cursors) next = std::min<std::size_t>(next, c.entry->block);
    return next;
  };
  while ((block = next_block()) != SIZE_MAX) {
    here.clear();
    float most = 0;
    for (Cursor& c : cursors) {
      if (c.entry->block != block) continue;
      here.push_back(&c);
      most += c.bound();
    }
    const std::size_t base = block * kBlock;
    const std::size_t rows = std::min(kBlock, segment.keys().size() - base);
    const bool wanted = most >= top.least() && (!allowed || allowed->any(base, base + rows));
    if (wanted) {
      std::sort(here.begin(), here.end(), [](const Cursor* a, const Cursor* b) { return a->bound() > b->bound(); });
      rest.assign(here.size() + 1, 0.0F);
      for (std::size_t i = here.size(); i-- > 0;) rest[i] = rest[i + 1] + here[i]->bound();
      sums.fill(0.0F);
      bool possible = true;
      for (std::size_t i = 0; i < here.size() && possible; ++i) {
        // From here on a passage without any of the terms so far cannot get there.
        if (i > 0 && rest[i] < top.least() && !reaches(sums, top.least() - rest[i])) possible = false;
        const Cursor& c = *here[i];
        const std::size_t count = c.count();
        const float* norms = norms_[number].data() + base;
        for (std::size_t j = 0; j < count && possible; ++j) {
          const std::uint8_t row = c.bytes[j], code = c.bytes[count + j];
          float frequency = frequencies_[code];
          if (code == WordSegment::escape) {
            const auto counts = segment.counts(code, c.term, static_cast<std::uint32_t>(base + row));
            frequency = static_cast<float>(counts.body + heading_weight_ * counts.headings);
          }
          sums[row] += c.weight * (frequency / (frequency + norms[row]));
        }
      }
      for (std::size_t row = 0; row < rows && possible; ++row) {
        if (sums[row] < top.least() || (allowed && !allowed->has(base + row))) continue;
        top.offer(number, {static_cast<std::uint32_t>(base + row), sums[row]});
      }
    }
    for (Cursor& c : cursors) {
      if (c.entry->block == block) c.advance();
    }
  }
}

std::vector<ScoredPassage> WordSnapshot::best(const std::vector<WeightedTerm>& terms, std::size_t k,
                                              const std::vector<KeyRange>* allowed) const {
  if (k == 0) return {};
  TopScores top(k);
  for (std::size_t number = 0; number < parts_.size(); ++number) {
    const Part& part = parts_[number];
    if (!allowed && !part.gone) {
      search(number, terms, nullptr, top);
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
    search(number, terms, &there, top);
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
