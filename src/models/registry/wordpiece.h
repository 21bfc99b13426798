// The WordPiece vocabulary of a BERT-type encoder, from tokenizer.json or vocab.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace twin::models {

struct WordPieceVocab {
  /// GGUF token types (gguf-py TokenType).
  enum Type : std::int32_t { normal = 1, control = 3, user_defined = 4, unused = 5 };

  std::vector<std::string> tokens;               ///< by id, as the tokenizer spells them ("##ing", "[CLS]")
  std::vector<std::int32_t> types;               ///< by id
  std::map<std::string, std::uint32_t> special;  ///< cls, sep, unk, pad, mask → id
  bool lowercase = true;
  bool strip_accents = true;

  /// As llama.cpp stores it: a token that starts a word begins with U+2581, one that continues it with nothing.
  [[nodiscard]] std::string stored_form(std::size_t id) const;
};

/// `size`: tokens the embedding matrix has; ids without a token are filled as unused.
/// ErrorKind::invalid for other tokenizers (SentencePiece, BPE) and for ids out of range.
[[nodiscard]] Result<WordPieceVocab> read_wordpiece(const std::filesystem::path& folder, std::size_t size);

}  // namespace twin::models
