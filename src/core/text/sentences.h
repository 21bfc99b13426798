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

/// Spans of sentences, in order, without surrounding white space; together they hold every non-space byte.
[[nodiscard]] std::vector<Span> sentences(std::string_view utf8);

}  // namespace twin::text
