#include "training/trainer/token_text.h"

#include <array>
#include <charconv>
#include <optional>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::training {
namespace {

constexpr std::string_view word_border = "\xe2\x96\x81";   // ▁, SentencePiece's space
constexpr std::string_view unknown_text = "\xef\xbf\xbd";  // U+FFFD

/// Byte-level BPE writes each byte as a character that can be seen: those of Latin-1 that can, the others from U+0100
/// on, in their order (Radford et al. 2019).
const std::array<std::int16_t, 512>& bytes_of_characters() {
  static const auto table = [] {
    std::array<std::int16_t, 512> bytes{};
    bytes.fill(-1);
    std::size_t next = 256;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const bool visible = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
      bytes.at(visible ? byte : next++) = static_cast<std::int16_t>(byte);
    }
    return bytes;
  }();
  return table;
}

void append_byte_level(const std::string& token, std::string& bytes) {
  const std::string valid = text::repair_utf8(token);
  for (const auto& character : text::codepoints(valid)) {
    const std::int16_t byte = character.value < 512 ? bytes_of_characters().at(character.value) : std::int16_t{-1};
    if (byte >= 0) {
      bytes += static_cast<char>(byte);
    } else {
      bytes.append(valid, character.offset, character.length);
    }
  }
}

void append_piece(std::string_view piece, std::string& bytes) {
  for (std::size_t at = 0; at < piece.size();) {
    const bool border = piece.substr(at).starts_with(word_border);
    bytes += border ? ' ' : piece[at];
    at += border ? word_border.size() : 1;
  }
}

/// "<0x0A>".
std::optional<char> byte_token(std::string_view token) {
  unsigned value = 0;
  if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>')) return std::nullopt;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, value, 16);
  if (error != std::errc() || end != token.data() + 5) return std::nullopt;
  return static_cast<char>(value);
}

}  // namespace

Result<TokenText> TokenText::open(const GgufReader& base) {
  auto vocabulary = models::read_vocabulary(base.file());
  vocabulary.merges.clear();
  const auto kind = base.text("tokenizer.ggml.model").value_or("");
  if (vocabulary.tokens.empty() || (kind != "gpt2" && kind != "llama")) {
    return fail(ErrorKind::invalid, tr("Tokens of the kind '{}' cannot be turned into text", kind),
                base.path().string(), tr("Set samples.every to 0"));
  }
  return TokenText(std::move(vocabulary), kind == "gpt2");
}

void TokenText::append(std::size_t id, std::string& bytes) const {
  using models::TokenType;
  const std::string& token = vocabulary_.tokens[id];
  const TokenType type = vocabulary_.types[id];
  if (type == TokenType::control) return;
  if (type == TokenType::unknown) {
    bytes += unknown_text;
  } else if (byte_level_ && type == TokenType::user_defined) {
    bytes += token;
  } else if (byte_level_) {
    append_byte_level(token, bytes);
  } else if (const auto byte = byte_token(token); byte && type == TokenType::byte) {
    bytes += *byte;
  } else {
    append_piece(token, bytes);
  }
}

std::string TokenText::of(std::span<const std::int64_t> ids) const {
  std::string bytes;
  for (const std::int64_t id : ids) {
    if (id >= 0 && static_cast<std::size_t>(id) < vocabulary_.tokens.size())
      append(static_cast<std::size_t>(id), bytes);
  }
  return text::repair_utf8(bytes);
}

}  // namespace twin::training
