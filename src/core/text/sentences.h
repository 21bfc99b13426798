// Sentence boundaries without a model: Korean and English by punctuation, quotes and abbreviations.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace twin::text {

struct Span {
  std::size_t start = 0;  ///< byte offset, inclusive
  std::size_t end = 0;    ///< byte offset, exclusive
  friend bool operator==(const Span&, const Span&) = default;
};

/// Bump when the results of sentences() change: part of the cache keys of what is cut by it.
inline constexpr int sentences_version = 2;

/// Spans of sentences, in order, without surrounding white space; together they hold every non-space byte.
[[nodiscard]] std::vector<Span> sentences(std::string_view utf8);

/// What sentences() would cut if there were no punctuation and no endings: paragraphs, items, headings and the lines of
/// Korean text that end on purpose. For splitters that know better what is within a line.
[[nodiscard]] std::vector<Span> line_spans(std::string_view utf8);

}  // namespace twin::text
