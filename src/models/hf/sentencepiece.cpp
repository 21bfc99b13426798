#include "models/hf/sentencepiece.h"

#include <cstring>

namespace twin::models {
namespace {

/// Protocol buffers' wire format, as far as this file needs it.
class WireMessage {
 public:
  void number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
  }
  void real(int field, float value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 5);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof value);
  }
  void text(int field, const std::string& value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

/// Negative numbers are ten bytes long on the wire.
std::uint64_t signed_number(int value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

}  // namespace

std::string sentencepiece_model(const Vocabulary& vocabulary, const SentencePieceOptions& options) {
  WireMessage model;
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    WireMessage piece;
    piece.text(1, vocabulary.tokens[i]);
    piece.real(2, vocabulary.scores.at(i));
    piece.number(3, static_cast<std::uint64_t>(vocabulary.types[i]));
    model.text(1, piece.bytes());
  }
  WireMessage trainer;
  trainer.number(3, 2);  // model_type: BPE
  trainer.number(4, vocabulary.tokens.size());
  trainer.number(35, 1);  // byte_fallback
  trainer.number(40, signed_number(options.unknown));
  trainer.number(41, signed_number(options.bos));
  trainer.number(42, signed_number(options.eos));
  trainer.number(43, signed_number(options.pad));
  model.text(2, trainer.bytes());
  WireMessage normalizer;
  normalizer.text(1, "identity");
  normalizer.number(3, options.add_dummy_prefix ? 1 : 0);
  normalizer.number(4, 0);  // remove_extra_whitespaces
  normalizer.number(5, 1);  // escape_whitespaces
  model.text(3, normalizer.bytes());
  return model.bytes();
}

}  // namespace twin::models
