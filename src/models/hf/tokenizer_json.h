// tokenizer.json of Hugging Face's tokenizers library, as far as decoder-only models use it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/hf/gguf_vocabulary.h"

namespace twin::models {

struct AddedToken {
  std::int64_t id = 0;
  std::string text;
  bool special = false;
};

struct TokenizerJson {
  std::string kind;               ///< "gpt2": byte-level BPE; "llama": BPE over SentencePiece's pieces
  std::string pre;                ///< of byte-level BPE: tokenizer.ggml.pre
  Vocabulary vocabulary;          ///< of the model alone, by id; ids without a token are empty. Scores or merges
  std::vector<AddedToken> added;  ///< may repeat tokens of the vocabulary
  bool add_space_prefix = false;  ///< of pieces
  std::optional<bool> add_bos, add_eos;
};

/// ErrorKind::invalid: malformed, another model than BPE, rules of cutting that llama.cpp does not know, ids beyond
/// `limit` (the rows of the embedding).
[[nodiscard]] Result<TokenizerJson> read_tokenizer_json(const std::filesystem::path& file, std::int64_t limit);

/// added_tokens of a tokenizer.json, however the rest of it looks. ErrorKind::invalid where it is malformed.
[[nodiscard]] Result<std::vector<AddedToken>> read_added_tokens(const std::filesystem::path& file);

}  // namespace twin::models
