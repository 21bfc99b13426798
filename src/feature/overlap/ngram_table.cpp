#include "feature/overlap/ngram_table.h"

#include <algorithm>

#include "core/split_mix.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

constexpr std::uint64_t kNgramBase = 0xA24BAED4963EE407u;
constexpr std::size_t kShortestWords = 8;  // of a text that is compared whole
constexpr std::size_t kFirstSlots = 1024;

/// Whether a text may have to be normalized: combining marks, conjoining jamo, compatibility forms.
bool maybe_not_nfc(std::string_view utf8) {
  for (std::size_t i = 0; i + 1 < utf8.size(); ++i) {
    const auto first = static_cast<unsigned char>(utf8[i]), second = static_cast<unsigned char>(utf8[i + 1]);
    if (first == 0xCC || first == 0xCD) return true;                     // U+0300 … U+036F
    if (first == 0xE1 && second >= 0x84 && second <= 0x87) return true;  // U+1100 … U+11FF
    if (first == 0xEF && second >= 0xA4 && second <= 0xAB) return true;  // U+F900 … U+FAFF
  }
  return false;
}

}  // namespace

NgramTable::NgramTable(int words)
    : weight_(2 * static_cast<std::size_t>(words)), least_weight_(2 * std::min<std::size_t>(words, kShortestWords)) {}

void NgramTable::read(std::string_view utf8) {
  text_ = utf8;
  if (maybe_not_nfc(utf8)) {
    normal_ = text::nfc(utf8);
    text_ = normal_;
  }
  word_units(text_, units_);
  prefix_.assign(1, 0);
  weights_.assign(1, 0);
  if (power_.empty()) power_.push_back(1);
  for (const WordUnit& unit : units_) {
    prefix_.push_back(prefix_.back() * kNgramBase + unit.hash);
    weights_.push_back(weights_.back() + unit.weight);
    if (power_.size() < prefix_.size()) power_.push_back(power_.back() * kNgramBase);
  }
}

std::size_t NgramTable::run_end(std::size_t first, std::size_t weight) const {
  const std::size_t wanted = weights_[first] + weight;
  if (weights_.back() < wanted) return 0;
  // A unit weighs one or two: the end is between weight / 2 and weight units away.
  const auto from = weights_.begin() + static_cast<std::ptrdiff_t>(std::min(first + weight / 2, units_.size()));
  return static_cast<std::size_t>(std::lower_bound(from, weights_.end(), wanted) - weights_.begin());
}

std::uint64_t NgramTable::hash_of(std::size_t first, std::size_t last) const {
  const std::uint64_t hash = split_mix(prefix_[last] - prefix_[first] * power_[last - first] + (last - first));
  return hash == 0 ? 1 : hash;
}

bool NgramTable::add(std::string_view utf8, std::uint32_t source) {
  read(utf8);
  if (weights_.back() < least_weight_) return false;
  if (weights_.back() < weight_) {
    const std::uint64_t all = hash_of(0, units_.size());
    std::vector<ShortText>& same = short_[hash_of(0, run_end(0, least_weight_))];
    const bool known = std::any_of(same.begin(), same.end(), [&](const ShortText& text) { return text.hash == all; });
    if (!known) same.push_back({units_.size(), all, source});
    return true;
  }
  for (std::size_t first = 0; first < units_.size(); ++first) {
    const std::size_t last = run_end(first, weight_);
    if (last == 0) break;
    insert(hash_of(first, last), source);
  }
  return true;
}

void NgramTable::insert(std::uint64_t ngram, std::uint32_t source) {
  if (2 * (used_ + 1) > slots_.size()) {
    std::vector<Slot> old(std::max(kFirstSlots, 2 * slots_.size()));
    old.swap(slots_);
    used_ = 0;
    for (const Slot& slot : old) {
      if (slot.ngram != 0) insert(slot.ngram, slot.source);
    }
  }
  std::size_t at = ngram & (slots_.size() - 1);
  while (slots_[at].ngram != 0 && slots_[at].ngram != ngram) at = (at + 1) & (slots_.size() - 1);
  if (slots_[at].ngram == ngram) return;  // the first text that has it is named
  slots_[at] = {ngram, source};
  ++used_;
}

const NgramTable::Slot* NgramTable::lookup(std::uint64_t ngram) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = ngram & (slots_.size() - 1); slots_[at].ngram != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].ngram == ngram) return &slots_[at];
  }
  return nullptr;
}

void NgramTable::match(std::size_t first, std::size_t last, std::uint64_t ngram, std::uint32_t source,
                       std::vector<NgramMatch>& out) const {
  const std::size_t start = units_[first].start, end = units_[last - 1].end;
  out.push_back({ngram, source, std::string(text_.substr(start, end - start))});
}

void NgramTable::find(std::string_view utf8, std::size_t most, std::vector<NgramMatch>& out) {
  out.clear();
  if (slots_.empty() && short_.empty()) return;
  read(utf8);
  for (std::size_t first = 0; first < units_.size() && out.size() < most; ++first) {
    if (!short_.empty()) {
      const std::size_t head = run_end(first, least_weight_);
      const auto same = head == 0 ? short_.end() : short_.find(hash_of(first, head));
      if (same != short_.end()) {
        for (const ShortText& text : same->second) {
          const std::size_t last = first + text.units;
          if (last <= units_.size() && hash_of(first, last) == text.hash)
            match(first, last, text.hash, text.source, out);
        }
      }
    }
    const std::size_t last = run_end(first, weight_);
    if (last == 0) {
      if (short_.empty()) break;
      continue;
    }
    const std::uint64_t ngram = hash_of(first, last);
    if (const Slot* slot = lookup(ngram)) match(first, last, ngram, slot->source, out);
  }
}

}  // namespace twin::feature
