// A text as the set of its shingles (Broder 1997): every run of a few characters, by hash.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace twin::feature {

inline constexpr std::size_t default_shingle_length = 5;  ///< in code points

/// Hashes of the text's shingles in the order of the text, repeats included: NFC, case folded, runs of white space as
/// one space and none at the ends. A text shorter than a shingle is one shingle; an empty one has none. Input must be
/// valid UTF-8.
[[nodiscard]] std::vector<std::uint64_t> shingle_hashes(std::string_view utf8,
                                                        std::size_t length = default_shingle_length);

/// Makes a set of them: sorted, each once.
void make_set(std::vector<std::uint64_t>& hashes);

/// shingle_hashes() as a set.
[[nodiscard]] std::vector<std::uint64_t> shingles(std::string_view utf8, std::size_t length = default_shingle_length);

/// Size of the intersection over size of the union of two sets; 1 when both are empty.
[[nodiscard]] double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b);

}  // namespace twin::feature
