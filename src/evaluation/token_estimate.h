// An embedding engine without a model, for indexes that are searched by words only.
#pragma once

#include <string_view>

#include "models/engines/engine.h"

namespace twin::evaluation {

/// Tokens a multilingual subword vocabulary makes of a text, roughly: one for four ASCII characters of a word or two
/// others, at least one a word.
[[nodiscard]] int estimated_tokens(std::string_view text);

/// Cuts passages by the estimate above. Its vectors all are {1}: dense search finds nothing out by them.
class WordsOnly final : public models::EmbeddingEngine, public models::Tokenizer {
 public:
  [[nodiscard]] Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override;
  [[nodiscard]] int dimension() const override { return 1; }
  [[nodiscard]] int window_tokens() const override { return 512; }
  [[nodiscard]] std::string model_hash() const override { return "words only"; }
  [[nodiscard]] Result<std::vector<int>> tokenize(std::string_view text, bool special) override;
  [[nodiscard]] Result<std::string> apply_template(const std::vector<models::Message>& messages,
                                                   bool generation_prompt) override;
};

}  // namespace twin::evaluation
