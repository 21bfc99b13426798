#include "feature/chunk/overlap.h"

#include <algorithm>
#include <cmath>

#include "core/text/graphemes.h"
#include "feature/chunk/sections.h"

namespace twin::feature {
namespace {

constexpr int most_tries = 6;  // of words_before(); each counts a shorter end

/// Where words of a span begin, without its own start; where characters begin when it holds no white space.
std::vector<std::size_t> begins_of(std::string_view text, text::Span span) {
  std::vector<std::size_t> words, characters;
  bool behind_space = false;
  for (std::size_t at = span.start; at < span.end; at = text::grapheme_end(text, at, span.end)) {
    const bool space = is_white(text[at]) && trimmed(text, {at, span.end}, Whole::graphemes).start > at;
    if (at > span.start && !space) (behind_space ? words : characters).push_back(at);
    behind_space = space;
  }
  return words.empty() ? characters : words;
}

}  // namespace

Result<std::size_t> Overlap::sentences_before(const std::vector<Unit>& units, const Group& before,
                                              std::size_t start) const {
  const Unit& unit = units[before.last - 1];
  if (!is_prose(prose.blocks[unit.block])) return start;
  const std::vector<text::Span> found = sentences.split(text_of(prose, unit.span));
  int used = 0;
  for (std::size_t i = found.size(); i-- > 0;) {
    const text::Span sentence{unit.span.start + found[i].start, unit.span.start + found[i].end};
    if (sentence.start <= units[before.first].span.start) break;
    const Result<int> size = splitter.size(sentence);
    if (!size) return tl::unexpected(size.error());
    if (used + *size > tokens) break;
    used += *size;
    start = sentence.start;
  }
  return start;
}

std::size_t Overlap::units_before(const std::vector<Unit>& units, const Group& before, std::size_t start) const {
  int used = 0;
  for (std::size_t i = before.last; --i > before.first;) {
    if (used + units[i].size > tokens || !is_prose(prose.blocks[units[i].block])) break;
    used += units[i].size;
    start = units[i].span.start;
  }
  return start;
}

Result<std::size_t> Overlap::words_before(const Unit& before, std::size_t start) const {
  const std::vector<std::size_t> begins = begins_of(prose.text, before.span);
  const double bytes = static_cast<double>(before.span.end - before.span.start);
  double wanted = bytes * tokens / std::max(1, before.size);
  for (int i = 0; i < most_tries && wanted >= 1; ++i) {
    const double earliest = std::max(0.0, static_cast<double>(before.span.end) - wanted);
    const auto begin = std::lower_bound(begins.begin(), begins.end(), static_cast<std::size_t>(std::ceil(earliest)));
    if (begin == begins.end()) return start;
    const Result<int> size = splitter.size({*begin, before.span.end});
    if (!size) return tl::unexpected(size.error());
    if (*size <= tokens) return *begin;
    const double taken = static_cast<double>(before.span.end - *begin);
    wanted = std::min(taken - 1, taken * tokens / *size);
  }
  return start;
}

}  // namespace twin::feature
