// How text is cut before byte pairs are merged: Hugging Face's rules for each tokenizer.ggml.pre that llama.cpp knows.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace twin::models {

struct PreTokenizer {
  std::string name;  ///< tokenizer.ggml.pre
  Json normalizer, pieces;
  bool ignore_merges = false;
};

/// "gpt-2", "smollm" (also starcoder's and refact's), "qwen2", "llama-bpe".
[[nodiscard]] const std::vector<PreTokenizer>& pre_tokenizers();
/// nullptr for rules that are not known here.
[[nodiscard]] const PreTokenizer* find_pre_tokenizer(const std::string& name);
/// The one whose rules a tokenizer.json's "pre_tokenizer" states, or nullptr.
[[nodiscard]] const PreTokenizer* pre_tokenizer_of(const Json& pieces);

/// A step of tokenizer.json that turns text into the alphabet of bytes.
[[nodiscard]] Json byte_level(bool with_regex);

}  // namespace twin::models
