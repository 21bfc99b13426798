// Reading a SentencePiece model file (tokenizer.model): the counterpart of models/hf/sentencepiece.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "models/hf/gguf_vocabulary.h"
#include "models/hf/sentencepiece.h"

namespace twin::models {

struct SentencePieceFile {
  Vocabulary vocabulary;         ///< with scores and types; no merges
  SentencePieceOptions options;  ///< ids of special pieces, whether a space is put before the text
  bool byte_pairs = false;       ///< pieces are merged by score; else segmented as a whole (unigram)
  bool normalizes = false;       ///< the text is changed first, by a table that a GGUF does not hold
};

/// ErrorKind::invalid for bytes that are not a ModelProto (sentencepiece_model.proto); `where` names the file.
[[nodiscard]] Result<SentencePieceFile> parse_sentencepiece(std::string_view bytes, const std::string& where);

}  // namespace twin::models
