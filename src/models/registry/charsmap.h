// The normalization table of SentencePiece ("precompiled charsmap") as llama.cpp's Unigram tokenizer reads it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace twin::models {

/// From replacements (UTF-8 of what is replaced → UTF-8 it becomes, may be empty; no NUL on either side):
/// 4 bytes length of the array, the array, the replacements, each ended by NUL. The array is a trie as an
/// XOR-compressed double array (S. Yata's Darts-clone). The longest match counts.
[[nodiscard]] std::string make_charsmap(const std::map<std::string, std::string>& replacements);

}  // namespace twin::models
