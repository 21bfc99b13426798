#include "feature/quality/phrases.h"

#include <algorithm>
#include <bit>

#include "core/split_mix.h"

namespace twin::feature {
namespace {

constexpr std::uint64_t kBase = 0xD6E8FEB86659FD93u;  // of the polynomial over the hashes; odd, otherwise arbitrary

/// How often each number was counted, by open addressing: a document is counted six times over.
class Counter {
 public:
  /// Forgets everything; room for so many numbers.
  void reset(std::size_t numbers) {
    const std::size_t size = std::bit_ceil(2 * numbers + 2);
    if (slots_.size() < size) slots_.resize(size);
    std::fill_n(slots_.begin(), size, Slot{});
    mask_ = size - 1;
  }
  /// Counts it; where it is.
  std::size_t count(std::uint64_t number) {
    std::size_t at = number & mask_;
    while (slots_[at].times != 0 && slots_[at].number != number) at = (at + 1) & mask_;
    slots_[at].number = number;
    ++slots_[at].times;
    return at;
  }
  [[nodiscard]] std::size_t times(std::size_t at) const { return slots_[at].times; }

 private:
  struct Slot {
    std::uint64_t number = 0;
    std::size_t times = 0;
  };
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace

PhraseCounts Phrases::count() const {
  PhraseCounts out;
  // Polynomial of the words before each place, so that the hash of a phrase of any length is one subtraction.
  std::vector<std::uint64_t> before(size() + 1);
  for (std::size_t i = 0; i < size(); ++i) before[i + 1] = before[i] * kBase + hashes_[i];
  // A phrase comes again only where its beginning does: longer ones are looked for where shorter ones were found.
  std::vector<std::uint32_t> places(size());
  for (std::size_t i = 0; i < size(); ++i) places[i] = static_cast<std::uint32_t>(i);
  std::vector<std::size_t> slots;
  Counter counter;
  std::uint64_t power = 1;
  std::size_t raised = 0;
  for (const std::size_t n : {2u, 3u, 4u, 5u, 7u, 10u}) {
    for (; raised < n; ++raised) power *= kBase;
    while (!places.empty() && places.back() + n > size()) places.pop_back();
    if (places.empty()) break;
    counter.reset(places.size());
    slots.clear();
    std::size_t characters = 0, counted_to = 0;
    for (const std::uint32_t i : places) {
      slots.push_back(counter.count(split_mix(before[i + n] - before[i] * power)));
      const std::size_t times = counter.times(slots.back());
      if (times == 1) continue;
      if (n <= 4) {
        out.most_frequent = std::max(out.most_frequent, times * (lengths_[i + n] - lengths_[i]));
      } else {
        characters += lengths_[i + n] - lengths_[std::max<std::size_t>(i, counted_to)];
        counted_to = i + n;
      }
    }
    if (n > 4) out.repeated = std::max(out.repeated, characters);
    std::size_t kept = 0;
    for (std::size_t k = 0; k < places.size(); ++k) {
      if (counter.times(slots[k]) > 1) places[kept++] = places[k];
    }
    places.resize(kept);
  }
  return out;
}

}  // namespace twin::feature
