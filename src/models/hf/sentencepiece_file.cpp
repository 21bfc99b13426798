#include "models/hf/sentencepiece_file.h"

#include <cstring>
#include <functional>
#include <stdexcept>

#include "core/i18n.h"

namespace twin::models {
namespace {

/// Fields of Protocol buffers' wire format, one after another. Throws std::invalid_argument where they do not fit.
class WireFields {
 public:
  explicit WireFields(std::string_view bytes) : rest_(bytes) {}

  struct Field {
    int number = 0;
    std::uint64_t value = 0;  ///< of a varint
    float real = 0;           ///< of four bytes
    std::string_view bytes;   ///< of a text or message
  };

  void each(const std::function<void(const Field&)>& visit) {
    while (!rest_.empty()) visit(next());
  }

 private:
  Field next() {
    const std::uint64_t tag = varint();
    Field field{.number = static_cast<int>(tag >> 3), .bytes = {}};
    switch (tag & 7U) {
      case 0:
        field.value = varint();
        break;
      case 1:
        take(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        std::memcpy(&field.real, take(4).data(), sizeof field.real);
        break;
      default:
        throw std::invalid_argument("wire type");
    }
    return field;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    throw std::invalid_argument("varint");
  }

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) throw std::invalid_argument("length");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
};

using WireField = WireFields::Field;

void read_piece(std::string_view bytes, Vocabulary& vocabulary) {
  std::string text;
  float score = 0;
  auto type = TokenType::normal;
  WireFields(bytes).each([&](const WireField& field) {
    if (field.number == 1) text = field.bytes;
    if (field.number == 2) score = field.real;
    if (field.number == 3 && field.value >= 1 && field.value <= 6) type = static_cast<TokenType>(field.value);
  });
  vocabulary.tokens.push_back(std::move(text));
  vocabulary.scores.push_back(score);
  vocabulary.types.push_back(type);
}

void read_trainer(std::string_view bytes, SentencePieceFile& file) {
  WireFields(bytes).each([&](const WireField& field) {
    const auto id = static_cast<int>(static_cast<std::int64_t>(field.value));
    if (field.number == 3) file.byte_pairs = field.value == 2;
    if (field.number == 40) file.options.unknown = id;
    if (field.number == 41) file.options.bos = id;
    if (field.number == 42) file.options.eos = id;
    if (field.number == 43) file.options.pad = id;
  });
}

void read_normalizer(std::string_view bytes, SentencePieceFile& file) {
  WireFields(bytes).each([&](const WireField& field) {
    if (field.number == 2) file.normalizes = !field.bytes.empty();
    if (field.number == 3) file.options.add_dummy_prefix = field.value != 0;
  });
}

}  // namespace

Result<SentencePieceFile> parse_sentencepiece(std::string_view bytes, const std::string& where) {
  SentencePieceFile file;
  try {
    WireFields(bytes).each([&](const WireField& field) {
      if (field.number == 1) read_piece(field.bytes, file.vocabulary);
      if (field.number == 2) read_trainer(field.bytes, file);
      if (field.number == 3) read_normalizer(field.bytes, file);
    });
    if (file.vocabulary.tokens.empty()) throw std::invalid_argument("no pieces");
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("Not a SentencePiece model: {}", e.what()), where, tr("Fetch it again"));
  }
  return file;
}

}  // namespace twin::models
