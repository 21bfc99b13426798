// The tokenizer of a Hugging Face folder as a GGUF holds it: tokens, types, merges or scores, special tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/hf/decoder_config.h"
#include "models/hf/gguf_vocabulary.h"

struct gguf_context;

namespace twin::models {

struct HfVocabulary {
  std::string kind;  ///< tokenizer.ggml.model: "gpt2" (byte-level BPE) or "llama" (SentencePiece)
  std::string pre;   ///< tokenizer.ggml.pre
  Vocabulary vocabulary;
  std::optional<std::int64_t> bos, eos, eot, unknown, pad;
  bool add_bos = false, add_eos = false;
  bool add_space_prefix = false;  ///< of SentencePiece
  std::string chat_template;      ///< empty: none
  std::vector<std::string> notes;
};

/// From tokenizer.json (byte-level BPE, or BPE over SentencePiece's pieces) or tokenizer.model, with
/// tokenizer_config.json, special_tokens_map.json, added_tokens.json and chat_template.jinja. As many tokens as
/// `config.vocabulary`: missing ones are unused fillers, as llama.cpp's converter has them. ErrorKind::invalid: more
/// tokens than the embedding has rows, two tokens with one id, rules that llama.cpp does not know; not_found: no
/// tokenizer.
[[nodiscard]] Result<HfVocabulary> read_hf_vocabulary(const std::filesystem::path& folder, const DecoderConfig& config);

/// The keys tokenizer.* of a GGUF.
void set_vocabulary_metadata(gguf_context* out, const HfVocabulary& vocabulary);

}  // namespace twin::models
