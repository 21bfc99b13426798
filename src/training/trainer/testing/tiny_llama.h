// A small random Llama model in GGUF, and a tokenizer of bytes, for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/engines/engine.h"
#include "training/trainer/trainer.h"

namespace twin::training::testing {

struct TinyLlama {
  std::int64_t layers = 2, hidden = 64, heads = 4, kv_heads = 2, feed_forward = 96, vocabulary = 128, context = 128;
  std::string type = "F32";  ///< of the matrices
  bool tied = true;
  std::string architecture = "llama";
  std::int64_t overflowing_layer = -1;  ///< its output is beyond float32
  std::uint64_t seed = 1;
};

/// The file's bytes.
[[nodiscard]] std::string tiny_llama(const TinyLlama& options = {});

/// One token per byte (modulo 128, 2 for the end of a turn), "<role:content>" per message.
class ByteTokenizer final : public models::Tokenizer {
 public:
  [[nodiscard]] Result<std::vector<int>> tokenize(std::string_view text, bool special) override;
  [[nodiscard]] Result<std::string> apply_template(const std::vector<models::Message>& messages,
                                                   bool generation_prompt) override;
};

[[nodiscard]] Hooks byte_hooks();

}  // namespace twin::training::testing
