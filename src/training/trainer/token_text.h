// Tokens back to text, by the vocabulary in the model's file: for what is shown while no tokenizer runs.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "models/hf/gguf_vocabulary.h"
#include "training/trainer/gguf_reader.h"

namespace twin::training {

class TokenText {
 public:
  /// Byte-level BPE and SentencePiece; other kinds and a file without a vocabulary are ErrorKind::invalid.
  [[nodiscard]] static Result<TokenText> open(const GgufReader& base);

  /// Valid UTF-8: bytes that make no character become U+FFFD. Control tokens and ids beyond the vocabulary have no
  /// text.
  [[nodiscard]] std::string of(std::span<const std::int64_t> ids) const;

 private:
  TokenText(models::Vocabulary vocabulary, bool byte_level)
      : vocabulary_(std::move(vocabulary)), byte_level_(byte_level) {}
  void append(std::size_t id, std::string& bytes) const;

  models::Vocabulary vocabulary_;
  bool byte_level_;
};

}  // namespace twin::training
