#include "models/hf/gguf_vocabulary.h"

#include <gguf.h>

namespace twin::models {
namespace {

std::vector<std::string> gguf_texts(const GgufFile& file, const char* key) {
  std::vector<std::string> texts;
  const auto id = gguf_find_key(file.context(), key);
  if (id < 0 || gguf_get_kv_type(file.context(), id) != GGUF_TYPE_ARRAY ||
      gguf_get_arr_type(file.context(), id) != GGUF_TYPE_STRING) {
    return texts;
  }
  const auto count = gguf_get_arr_n(file.context(), id);
  texts.reserve(count);
  for (std::size_t i = 0; i < count; ++i) texts.emplace_back(gguf_get_arr_str(file.context(), id, i));
  return texts;
}

/// nullptr unless the array holds `count` of the type.
const void* gguf_values(const GgufFile& file, const char* key, gguf_type type, std::size_t count) {
  const auto id = gguf_find_key(file.context(), key);
  if (id < 0 || gguf_get_kv_type(file.context(), id) != GGUF_TYPE_ARRAY ||
      gguf_get_arr_type(file.context(), id) != type || gguf_get_arr_n(file.context(), id) != count) {
    return nullptr;
  }
  return gguf_get_arr_data(file.context(), id);
}

}  // namespace

Vocabulary read_vocabulary(const GgufFile& file) {
  Vocabulary vocabulary{.tokens = gguf_texts(file, "tokenizer.ggml.tokens"),
                        .types = {},
                        .scores = {},
                        .merges = gguf_texts(file, "tokenizer.ggml.merges")};
  const std::size_t count = vocabulary.tokens.size();
  vocabulary.types.assign(count, TokenType::normal);
  if (const auto* types =
          static_cast<const std::int32_t*>(gguf_values(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, count))) {
    for (std::size_t i = 0; i < count; ++i)
      if (types[i] >= 1 && types[i] <= 6) vocabulary.types[i] = static_cast<TokenType>(types[i]);
  }
  if (const auto* scores =
          static_cast<const float*>(gguf_values(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, count)))
    vocabulary.scores.assign(scores, scores + count);
  return vocabulary;
}

std::string special_token(const GgufFile& file, const std::string& key) {
  const auto id = file.number(key);
  const auto tokens = gguf_find_key(file.context(), "tokenizer.ggml.tokens");
  if (!id || *id < 0 || tokens < 0 || gguf_get_kv_type(file.context(), tokens) != GGUF_TYPE_ARRAY ||
      gguf_get_arr_type(file.context(), tokens) != GGUF_TYPE_STRING ||
      static_cast<std::uint64_t>(*id) >= gguf_get_arr_n(file.context(), tokens)) {
    return {};
  }
  return gguf_get_arr_str(file.context(), tokens, static_cast<std::size_t>(*id));
}

bool adds_bos_token(const GgufFile& file) {
  const bool usual = file.text("tokenizer.ggml.model").value_or("") == "llama" ||
                     file.text("tokenizer.ggml.pre").value_or("") == "llama-bpe";
  return file.number("tokenizer.ggml.add_bos_token").value_or(usual ? 1 : 0) != 0;
}

}  // namespace twin::models
