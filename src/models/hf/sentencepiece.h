// A SentencePiece model file (tokenizer.model) from a vocabulary with scores.
#pragma once

#include <string>

#include "models/hf/gguf_vocabulary.h"

namespace twin::models {

struct SentencePieceOptions {
  bool add_dummy_prefix = true;  ///< a space before the text
  int unknown = 0, bos = 1, eos = 2, pad = -1;
};

/// The bytes of a ModelProto (sentencepiece_model.proto): pieces with scores and types, BPE with byte fallback, no
/// normalization of the text. Needs as many scores as tokens.
[[nodiscard]] std::string sentencepiece_model(const Vocabulary& vocabulary, const SentencePieceOptions& options);

}  // namespace twin::models
