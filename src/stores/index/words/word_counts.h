// The words of one passage, as the index keeps them in a row of index.db.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stores/index/tokenizer.h"

namespace twin::stores {

struct WordCount {
  std::string term;
  std::uint32_t headings = 0;  ///< occurrences in title and headings
  std::uint32_t body = 0;      ///< in the retrieval view
};

struct WordCounts {
  std::uint32_t length = 0;      ///< in tokens; other forms of a token count nothing
  std::vector<WordCount> terms;  ///< ascending by bytes, each once
};

[[nodiscard]] WordCounts count_words(Tokenizer& tokenizer, std::string_view headings, std::string_view body);

/// Terms share their beginnings with the term before them; numbers are LEB128. Equal counts give equal bytes.
[[nodiscard]] std::string pack(const WordCounts& counts);

/// Hands each term over, in order; the view is valid during the call. False: not what pack() writes, or the end is
/// missing; what was handed over then means nothing.
using WordVisitor = std::function<void(std::string_view term, std::uint32_t headings, std::uint32_t body)>;
[[nodiscard]] bool unpack(std::span<const std::byte> packed, std::uint32_t& length, const WordVisitor& visit);

}  // namespace twin::stores
