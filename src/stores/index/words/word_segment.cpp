#include "stores/index/words/word_segment.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/result.h"
#include "stores/index/words/bm25.h"
#include "stores/index/words/group_bounds.h"
#include "stores/index/words/word_counts.h"

namespace twin::stores {
namespace {

// A byte of counts: three bits of headings, five of body. All ones: too large, kept among the exceptions.
constexpr std::uint32_t kMostHeadings = 6, kMostBody = 31;
constexpr unsigned kBodyBits = 5;

enum Section : std::size_t {
  kInfo,
  kKeys,
  kLengths,
  kTermEnds,
  kText,
  kEntryEnds,
  kPostingEnds,
  kEntries,
  kPostings,
  kExceptions,
  kGrouped,
  kGroups,
  kSkips
};

constexpr std::size_t kSkip = 32;  // entries
constexpr std::size_t kGroupBytes = WordSegment::block_groups / 2;
constexpr std::size_t kSampledBlocks = 16;  // one in so many is looked at to choose the levels of bounds

// The rows of a term in a block, as bytes, then as many bytes of counts.
struct Run {
  std::uint32_t term = 0;  // in the order of appearance
  std::size_t count = 0;
  const std::uint8_t* rows = nullptr;
};

std::uint8_t bound_of(double share) {
  return static_cast<std::uint8_t>(std::min(255.0, std::ceil(share * 255.0 + 1e-6)));
}

}  // namespace

WordSegment::WordSegment(std::shared_ptr<const Sections> sections) : sections_(std::move(sections)) {
  const auto info = sections_->array<Info>(kInfo);
  keys_ = sections_->array<std::int64_t>(kKeys);
  lengths_ = sections_->array<std::uint32_t>(kLengths);
  term_ends_ = sections_->array<std::uint64_t>(kTermEnds);
  text_ = sections_->array<char>(kText);
  entry_ends_ = sections_->array<std::uint64_t>(kEntryEnds);
  posting_ends_ = sections_->array<std::uint64_t>(kPostingEnds);
  entries_ = sections_->array<Entry>(kEntries);
  postings_ = sections_->array<std::uint8_t>(kPostings);
  exceptions_ = sections_->array<Exception>(kExceptions);
  grouped_ = sections_->array<Grouped>(kGrouped);
  groups_ = sections_->array<std::uint8_t>(kGroups);
  skips_ = sections_->array<std::uint64_t>(kSkips);
  const auto last = [](std::span<const std::uint64_t> ends) { return ends.empty() ? 0 : ends.back(); };
  const bool fits = info.size() == 1 && keys_.size() == lengths_.size() && term_ends_.size() == entry_ends_.size() &&
                    term_ends_.size() == posting_ends_.size() && last(term_ends_) == text_.size() &&
                    last(entry_ends_) == entries_.size() && 2 * last(posting_ends_) == postings_.size() &&
                    skips_.size() == (entries_.size() + kSkip - 1) / kSkip && groups_.size() == grouped_bytes();
  if (!fits) throw Fatal(ErrorKind::internal, "the sections of the words' cache do not fit together");
  total_length_ = info[0].total_length;
  average_ = info[0].average;
  heading_weight_ = info[0].heading_weight;
  levels_ = info[0].levels;
}

std::size_t WordSegment::grouped_bytes() const {
  if (grouped_.empty()) return 0;
  const Grouped& last = grouped_.back();
  if (last.term >= terms()) return SIZE_MAX;
  const std::uint64_t entries = entry_ends_[last.term] - (last.term == 0 ? 0 : entry_ends_[last.term - 1]);
  return (last.first + entries) * kGroupBytes;
}

std::string_view WordSegment::term(std::size_t number) const {
  const std::uint64_t begin = number == 0 ? 0 : term_ends_[number - 1];
  return {text_.data() + begin, term_ends_[number] - begin};
}

std::optional<WordSegment::Postings> WordSegment::find(std::string_view wanted) const {
  std::size_t low = 0, high = terms();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (term(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == terms() || term(low) != wanted) return std::nullopt;
  const std::uint64_t entry = low == 0 ? 0 : entry_ends_[low - 1];
  const std::uint64_t posting = low == 0 ? 0 : posting_ends_[low - 1];
  Postings postings{.term = static_cast<std::uint32_t>(low),
                    .entries = entries_.subspan(entry, entry_ends_[low] - entry),
                    .bytes = postings_.data() + 2 * posting,
                    .passages = posting_ends_[low] - posting,
                    .groups = nullptr,
                    .first_entry = entry,
                    .first_posting = posting};
  const auto grouped = std::lower_bound(grouped_.begin(), grouped_.end(), postings.term,
                                        [](const Grouped& g, std::uint32_t term) { return g.term < term; });
  if (grouped != grouped_.end() && grouped->term == postings.term)
    postings.groups = groups_.data() + grouped->first * kGroupBytes;
  return postings;
}

EntryCursor::EntryCursor(const WordSegment& segment, const WordSegment::Postings& postings)
    : entries_(postings.entries),
      skips_(segment.skips_),
      bytes_(postings.bytes),
      first_entry_(postings.first_entry),
      first_posting_(postings.first_posting) {}

// Blocks differ, so the one looked for is at most as many entries ahead as it is blocks ahead.
bool EntryCursor::move(std::size_t block) {
  constexpr std::size_t kNear = 8;
  const std::size_t ahead = block - entries_[at_].block;
  std::size_t to = at_ + 1;
  if (ahead <= kNear) {
    while (to < entries_.size() && entries_[to].block < block) ++to;
  } else {
    const std::size_t end = std::min(at_ + ahead + 1, entries_.size());
    const auto first = entries_.begin();
    to = entries_[end - 1].block == block
             ? end - 1
             : static_cast<std::size_t>(
                   std::lower_bound(first + static_cast<std::ptrdiff_t>(to), first + static_cast<std::ptrdiff_t>(end),
                                    block, [](const WordSegment::Entry& e, std::size_t b) { return e.block < b; }) -
                   first);
  }
  if (to == entries_.size()) {
    at_ = to;
    return false;
  }
  if (const std::size_t skip = (first_entry_ + to) / kSkip; skip > (first_entry_ + at_) / kSkip) {
    before_ = skips_[skip] - first_posting_;
    at_ = skip * kSkip - first_entry_;
  }
  for (; at_ < to; ++at_) before_ += std::uint64_t{entries_[at_].more} + 1;
  return entries_[at_].block == block;
}

WordSegment::Counts WordSegment::counts(std::uint8_t code, std::uint32_t term, std::uint32_t row) const {
  if (code != escape) return {static_cast<std::uint32_t>(code >> kBodyBits), code & kMostBody};
  const auto found = std::lower_bound(exceptions_.begin(), exceptions_.end(), std::pair(term, row),
                                      [](const Exception& e, const std::pair<std::uint32_t, std::uint32_t>& wanted) {
                                        return std::pair(e.term, e.row) < wanted;
                                      });
  if (found == exceptions_.end() || found->term != term || found->row != row) return {};
  return found->counts;
}

std::uint32_t WordSegmentBuilder::number_of(std::string_view term) {
  if (const auto known = numbers_.find(term); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(term);
  terms_.emplace_back();
  numbers_.emplace(texts_.back(), number);
  return number;
}

bool WordSegmentBuilder::add(std::int64_t key, std::span<const std::byte> packed) {
  if (rows() == most_rows) throw Fatal(ErrorKind::limit, "a segment of words holds 16 million passages");
  if (rows() % WordSegment::block_rows == 0) close_block();
  const std::size_t row = rows();
  std::uint32_t length = 0;
  const bool sound = unpack(packed, length, [&](std::string_view term, std::uint32_t headings, std::uint32_t body) {
    const std::uint32_t number = number_of(term);
    const bool large = headings > kMostHeadings || body > kMostBody;
    const std::uint32_t code = large ? WordSegment::escape : headings << kBodyBits | body;
    if (large) exceptions_.push_back({number, static_cast<std::uint32_t>(row), {headings, body}});
    open_.push_back(std::uint64_t{number} << 16 | row % WordSegment::block_rows << 8 | code);
  });
  keys_.push_back(key);
  lengths_.push_back(length);
  return sound;
}

void WordSegmentBuilder::close_block() {
  if (keys_.empty()) return;
  std::sort(open_.begin(), open_.end());
  for (std::size_t begin = 0; begin < open_.size();) {
    const auto number = static_cast<std::uint32_t>(open_[begin] >> 16);
    std::size_t end = begin;
    while (end < open_.size() && open_[end] >> 16 == number) ++end;
    const std::size_t at = runs_.size();
    runs_.resize(at + sizeof number + 1 + 2 * (end - begin));
    std::memcpy(runs_.data() + at, &number, sizeof number);
    std::uint8_t* out = runs_.data() + at + sizeof number;
    *out++ = static_cast<std::uint8_t>(end - begin - 1);
    for (std::size_t i = begin; i < end; ++i) out[i - begin] = static_cast<std::uint8_t>(open_[i] >> 8);
    out += end - begin;
    for (std::size_t i = begin; i < end; ++i) out[i - begin] = static_cast<std::uint8_t>(open_[i]);
    ++terms_[number].entries;
    terms_[number].occurrences += end - begin;
    begin = end;
  }
  open_.clear();
  run_ends_.push_back(runs_.size());
}

template <class Visit>
void WordSegmentBuilder::each_run(Visit&& visit) const {
  std::size_t at = 0;
  for (std::size_t block = 0; block < run_ends_.size(); ++block) {
    while (at < run_ends_[block]) {
      Run run;
      std::memcpy(&run.term, runs_.data() + at, sizeof run.term);
      run.count = std::size_t{runs_[at + sizeof run.term]} + 1;
      run.rows = runs_.data() + at + sizeof run.term + 1;
      visit(block, run);
      at += sizeof run.term + 1 + 2 * run.count;
    }
  }
}

std::vector<std::byte> WordSegmentBuilder::finish(double heading_weight) {
  close_block();
  std::vector<std::uint32_t> order(texts_.size());  // of terms, by bytes
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return texts_[a] < texts_[b]; });
  std::vector<std::uint32_t> place(texts_.size());
  std::uint64_t text = 0, entries = 0, occurrences = 0;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    text += texts_[order[i]].size();
    entries += terms_[order[i]].entries;
    occurrences += terms_[order[i]].occurrences;
  }
  std::vector<WordSegment::Grouped> grouped;
  std::vector<std::uint8_t*> next_groups(order.size());
  std::uint64_t grouped_entries = 0;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    const Term& term = terms_[order[i]];
    if (term.occurrences < WordSegment::grouped_from * term.entries) continue;
    grouped.push_back({.term = i, .first = grouped_entries});
    grouped_entries += term.entries;
  }
  SectionWriter writer(
      WordSegment::kind,
      {sizeof(WordSegment::Info), rows() * sizeof(std::int64_t), rows() * sizeof(std::uint32_t),
       order.size() * sizeof(std::uint64_t), text, order.size() * sizeof(std::uint64_t),
       order.size() * sizeof(std::uint64_t), entries * sizeof(WordSegment::Entry), 2 * occurrences,
       exceptions_.size() * sizeof(WordSegment::Exception), grouped.size() * sizeof(WordSegment::Grouped),
       grouped_entries * kGroupBytes, (entries + kSkip - 1) / kSkip * sizeof(std::uint64_t)});
  std::copy(grouped.begin(), grouped.end(), writer.array<WordSegment::Grouped>(kGrouped).begin());
  const auto group_out = writer.array<std::uint8_t>(kGroups);
  for (const WordSegment::Grouped& g : grouped) next_groups[g.term] = group_out.data() + g.first * kGroupBytes;
  WordSegment::Info& info = writer.array<WordSegment::Info>(kInfo)[0];
  info.total_length = std::accumulate(lengths_.begin(), lengths_.end(), std::uint64_t{0});
  info.average = rows() == 0 || info.total_length == 0
                     ? 1.0
                     : static_cast<double>(info.total_length) / static_cast<double>(rows());
  info.heading_weight = heading_weight;
  std::copy(keys_.begin(), keys_.end(), writer.array<std::int64_t>(kKeys).begin());
  std::copy(lengths_.begin(), lengths_.end(), writer.array<std::uint32_t>(kLengths).begin());

  const auto term_ends = writer.array<std::uint64_t>(kTermEnds);
  const auto entry_ends = writer.array<std::uint64_t>(kEntryEnds);
  const auto posting_ends = writer.array<std::uint64_t>(kPostingEnds);
  const auto letters = writer.array<char>(kText);
  std::vector<std::uint64_t> next_entry(order.size()), next_posting(order.size());
  std::uint64_t term_end = 0, entry_end = 0, posting_end = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string& term = texts_[order[i]];
    std::copy(term.begin(), term.end(), letters.begin() + static_cast<std::ptrdiff_t>(term_end));
    next_entry[i] = entry_end;
    next_posting[i] = posting_end;
    term_ends[i] = term_end += term.size();
    entry_ends[i] = entry_end += terms_[order[i]].entries;
    posting_ends[i] = posting_end += terms_[order[i]].occurrences;
  }

  const auto exceptions = writer.array<WordSegment::Exception>(kExceptions);
  for (WordSegment::Exception& e : exceptions_) e.term = place[e.term];
  std::sort(exceptions_.begin(), exceptions_.end(),
            [](const auto& a, const auto& b) { return std::pair(a.term, a.row) < std::pair(b.term, b.row); });
  std::copy(exceptions_.begin(), exceptions_.end(), exceptions.begin());
  const auto counts_of = [&](std::uint8_t code, std::uint32_t term, std::uint32_t row) {
    if (code != WordSegment::escape)
      return WordSegment::Counts{static_cast<std::uint32_t>(code >> kBodyBits), code & kMostBody};
    const auto found = std::lower_bound(
        exceptions_.begin(), exceptions_.end(), std::pair(term, row),
        [](const WordSegment::Exception& e, const auto& wanted) { return std::pair(e.term, e.row) < wanted; });
    return found->counts;
  };

  // Of a run: the largest bound of each group.
  std::array<std::uint8_t, WordSegment::block_groups> bounds;
  const auto find_bounds = [&](std::size_t block, const Run& run) {
    bounds.fill(0);
    for (std::size_t i = 0; i < run.count; ++i) {
      const auto row = static_cast<std::uint32_t>(block * WordSegment::block_rows + run.rows[i]);
      const auto counts = counts_of(run.rows[run.count + i], place[run.term], row);
      const double frequency = counts.body + heading_weight * counts.headings;
      if (!(frequency > 0)) continue;
      std::uint8_t& bound = bounds[run.rows[i] / WordSegment::group_rows];
      bound = std::max(bound, bound_of(frequency / (frequency + bm25::norm(lengths_[row], info.average))));
    }
  };
  std::array<std::uint64_t, 256> seen{};
  each_run([&](std::size_t block, const Run& run) {
    if (block % kSampledBlocks != 0 || !next_groups[place[run.term]]) return;
    find_bounds(block, run);
    for (const std::uint8_t bound : bounds) ++seen[bound];
  });
  info.levels = choose_levels(seen);
  std::array<std::uint8_t, 256> level_of{};
  for (std::size_t bound = 0, level = 0; bound < level_of.size(); ++bound) {
    level += bound > info.levels[level] ? 1 : 0;
    level_of[bound] = static_cast<std::uint8_t>(level);
  }

  const auto entry_out = writer.array<WordSegment::Entry>(kEntries);
  const auto posting_out = writer.array<std::uint8_t>(kPostings);
  each_run([&](std::size_t block, const Run& run) {
    const std::uint32_t term = place[run.term];
    find_bounds(block, run);
    entry_out[next_entry[term]++] = {static_cast<std::uint16_t>(block), static_cast<std::uint8_t>(run.count - 1),
                                     *std::max_element(bounds.begin(), bounds.end())};
    std::memcpy(posting_out.data() + 2 * next_posting[term], run.rows, 2 * run.count);
    next_posting[term] += run.count;
    if (!next_groups[term]) return;
    for (std::size_t group = 0; group < bounds.size(); ++group) {
      const auto [byte, shift] = place_of_group(group);
      next_groups[term][byte] |= static_cast<std::uint8_t>(level_of[bounds[group]] << shift);
    }
    next_groups[term] += kGroupBytes;
  });
  const auto skips = writer.array<std::uint64_t>(kSkips);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < entry_out.size(); ++i) {
    if (i % kSkip == 0) skips[i / kSkip] = before;
    before += std::uint64_t{entry_out[i].more} + 1;
  }
  return writer.finish();
}

}  // namespace twin::stores
