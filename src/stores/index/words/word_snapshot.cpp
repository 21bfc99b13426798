#include "stores/index/words/word_snapshot.h"

#include <cstring>

#include "core/i18n.h"
#include "stores/index/words/bm25.h"

namespace twin::stores {
namespace {

// The file is made again when one in so many passages came or went since, …
constexpr std::uint64_t kChangedShare = 50;
// … and whenever it changed below so many: that takes less than a second.
constexpr std::uint64_t kAlwaysSave = 20'000;

}  // namespace

void keep_best(std::vector<ScoredPassage>& passages, std::size_t k) {
  if (passages.size() <= k) return;
  if (k == 0) return passages.clear();
  const auto last = passages.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(passages.begin(), last, passages.end(),
                   [](const ScoredPassage& a, const ScoredPassage& b) { return a.score > b.score; });
  const double least = last->score;
  std::erase_if(passages, [&](const ScoredPassage& p) { return p.score < least; });
}

WordSnapshot::WordSnapshot(std::int64_t generation, std::int64_t removals, std::vector<Part> parts, Settings settings)
    : generation_(generation), removals_(removals), parts_(std::move(parts)), heading_weight_(settings.heading_weight) {
  std::uint64_t passages = 0, length = 0;
  for (const Part& part : parts_) {
    passages += part.passages;
    length += part.segment->total_length();
    if (!part.gone) continue;
    const auto lengths = part.segment->lengths();
    for (std::size_t row = 0; row < lengths.size(); ++row) length -= part.gone->has(row) ? lengths[row] : 0;
  }
  passages_ = static_cast<std::int64_t>(passages);
  if (length > 0) average_ = static_cast<double>(length) / static_cast<double>(passages);
  for (const Part& part : parts_) {
    auto& norms = norms_.emplace_back();
    norms.reserve(part.segment->lengths().size());
    for (const std::uint32_t tokens : part.segment->lengths())
      norms.push_back(static_cast<float>(bm25::norm(tokens, average_)));
  }
  frequencies_.resize(WordSegment::escape + std::size_t{1});
  for (std::size_t code = 0; code < WordSegment::escape; ++code)
    frequencies_[code] =
        static_cast<float>(static_cast<double>(code & 31) + heading_weight_ * static_cast<double>(code >> 5));
}

std::vector<std::byte> WordSnapshot::build(sqlite::Connection& connection, std::int64_t after, std::size_t& rows,
                                           Settings settings, bool) {
  WordSegmentBuilder builder;
  sqlite::Query words(connection, "SELECT chunk, counts FROM words WHERE chunk > ? ORDER BY chunk", after);
  while (words.step()) {
    if (builder.add(words.integer(0), words.blob(1))) continue;
    throw Fatal(ErrorKind::invalid, tr("The words of passage {} are damaged", words.integer(0)), "index.db",
                tr("run twin index: what is damaged is made again from the warehouse"));
  }
  rows = builder.rows();
  return rows == 0 ? std::vector<std::byte>() : builder.finish(settings.heading_weight);
}

bool WordSnapshot::resaves(std::uint64_t changed, std::uint64_t passages, Settings) {
  return passages < kAlwaysSave || changed * kChangedShare >= passages;
}

WeightedTerm WordSnapshot::term(std::string_view text) const {
  WeightedTerm term;
  for (const Part& part : parts_) {
    const auto& postings = term.postings.emplace_back(part.segment->find(text));
    if (!postings) continue;
    term.holding += static_cast<std::int64_t>(postings->passages);
    if (!part.gone) continue;
    const std::uint8_t* bytes = postings->bytes;
    for (const WordSegment::Entry& entry : postings->entries) {
      const std::size_t count = std::size_t{entry.more} + 1, base = entry.block * WordSegment::block_rows;
      if (part.gone->any(base, base + WordSegment::block_rows)) {
        for (std::size_t i = 0; i < count; ++i) term.holding -= part.gone->has(base + bytes[i]) ? 1 : 0;
      }
      bytes += 2 * count;
    }
  }
  term.idf = bm25::idf(passages_, term.holding);
  return term;
}

template <class Visit>
void WordSnapshot::each_holding(std::size_t number, const WeightedTerm& term, const std::vector<std::uint32_t>& rows,
                                Visit&& visit) const {
  const WordSegment& segment = *parts_[number].segment;
  const auto& postings = term.postings[number];
  if (!postings) return;
  EntryCursor entry(segment, *postings);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!entry.seek(rows[i] / WordSegment::block_rows)) continue;
    const auto* at = static_cast<const std::uint8_t*>(
        std::memchr(entry.rows(), static_cast<int>(rows[i] % WordSegment::block_rows), entry.count()));
    if (!at) continue;
    const std::size_t count = entry.count();
    const auto counts = segment.counts(at[count], postings->term, rows[i]);
    visit(i, counts.body + heading_weight_ * counts.headings);
  }
}

void WordSnapshot::add_exactly(std::size_t number, const std::vector<WeightedTerm>& terms,
                               const std::vector<std::uint32_t>& rows, std::vector<double>& sums) const {
  const auto lengths = parts_[number].segment->lengths();
  for (const WeightedTerm& term : terms) {
    each_holding(number, term, rows, [&](std::size_t i, double frequency) {
      sums[i] += term.idf * bm25::saturation(frequency, bm25::norm(lengths[rows[i]], average_));
    });
  }
}

template <class Visit>
void WordSnapshot::each_part(const std::vector<std::int64_t>& keys, Visit&& visit) const {
  for (std::size_t number = 0; number < parts_.size(); ++number) {
    const Part& part = parts_[number];
    std::vector<std::uint32_t> rows;
    std::vector<std::size_t> places;
    std::size_t place = 0;
    each_common(part.segment->keys(), keys, [&](std::size_t row) {
      while (keys[place] != part.segment->keys()[row]) ++place;
      if (part.gone && part.gone->has(row)) return;
      rows.push_back(static_cast<std::uint32_t>(row));
      places.push_back(place);
    });
    visit(number, rows, places);
  }
}

std::vector<double> WordSnapshot::scores(const std::vector<WeightedTerm>& terms,
                                         const std::vector<std::int64_t>& keys) const {
  std::vector<double> all(keys.size());
  each_part(keys, [&](std::size_t number, const auto& rows, const auto& places) {
    std::vector<double> sums(rows.size());
    add_exactly(number, terms, rows, sums);
    for (std::size_t i = 0; i < rows.size(); ++i) all[places[i]] = sums[i];
  });
  return all;
}

std::vector<std::vector<bool>> WordSnapshot::held(const std::vector<WeightedTerm>& terms,
                                                  const std::vector<std::int64_t>& keys) const {
  std::vector<std::vector<bool>> all(keys.size(), std::vector<bool>(terms.size()));
  each_part(keys, [&](std::size_t number, const auto& rows, const auto& places) {
    for (std::size_t t = 0; t < terms.size(); ++t) {
      each_holding(number, terms[t], rows, [&](std::size_t i, double frequency) { all[places[i]][t] = frequency > 0; });
    }
  });
  return all;
}

}  // namespace twin::stores
