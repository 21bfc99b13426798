// The vocabulary in a GGUF's metadata.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/registry/gguf_file.h"

namespace twin::models {

/// tokenizer.ggml.token_type, the numbers of SentencePiece.
enum class TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<TokenType> types;     ///< as many as tokens
  std::vector<float> scores;        ///< as many as tokens, or none
  std::vector<std::string> merges;  ///< "left right", best first
};
[[nodiscard]] Vocabulary read_vocabulary(const GgufFile& file);

/// The text of the token whose id `key` holds ("tokenizer.ggml.eos_token_id"); empty when there is none.
[[nodiscard]] std::string special_token(const GgufFile& file, const std::string& key);

/// Whether programs put the token that begins a text before it: what the file says, else as llama.cpp does for its
/// kind.
[[nodiscard]] bool adds_bos_token(const GgufFile& file);

}  // namespace twin::models
