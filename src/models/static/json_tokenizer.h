// A tokenizer.json (Hugging Face's tokenizers) run natively, without what it adds around a text.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "models/static/pieces.h"
#include "models/static/text_steps.h"

namespace twin::models {

/// Thread-safe.
class JsonTokenizer {
 public:
  /// ErrorKind::invalid names the step that is not known here, or what is malformed.
  [[nodiscard]] static Result<JsonTokenizer> parse(const std::string& json);

  /// Ids as encode(text, add_special_tokens=False) gives them, unknown ones included. Tokens that the file adds to the
  /// vocabulary ("[PAD]") are found where a text spells them out.
  [[nodiscard]] std::vector<std::uint32_t> encode(std::string_view text) const;
  [[nodiscard]] std::optional<std::uint32_t> unknown() const { return pieces_->unknown(); }
  /// One above the largest id.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  JsonTokenizer() = default;
  using Added = std::map<std::string, std::uint32_t, std::less<>>;
  void encode_plain(std::string_view text, bool first, std::vector<std::uint32_t>& ids) const;

  Normalizer normalize_;
  Splitter split_;
  std::unique_ptr<PieceModel> pieces_;
  Added raw_, in_normalized_;  ///< looked for before and after normalization
  std::size_t size_ = 0;
};

}  // namespace twin::models
