// A small random model of any family in GGUF, and a tokenizer of bytes, for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/engines/engine.h"
#include "training/trainer/trainer.h"

struct gguf_context;

namespace twin::training::testing {

struct TinyModel {
  std::int64_t layers = 2, hidden = 64, heads = 4, kv_heads = 2, feed_forward = 96, vocabulary = 128, context = 128;
  std::string type = "F32";  ///< of the matrices
  bool tied = true;
  std::string architecture = "llama";
  std::int64_t head_dim = 0;  ///< 0: hidden / heads
  std::int64_t window = 0, window_pattern = 0;
  std::int64_t overflowing_layer = -1;  ///< its output is beyond float32
  std::uint64_t seed = 1;
  bool byte_vocabulary = false;             ///< the file holds the vocabulary of ByteTokenizer
  const gguf_context* tokenizer = nullptr;  ///< whose metadata the file gets, too: for programs that need a vocabulary
};

/// The file's bytes.
[[nodiscard]] std::string tiny_model(const TinyModel& options = {});

/// One token per byte (modulo 128, 2 for the end of a turn), "<role:content>" per message.
class ByteTokenizer : public models::Tokenizer {
 public:
  [[nodiscard]] Result<std::vector<int>> tokenize(std::string_view text, bool special) override;
  [[nodiscard]] Result<std::string> apply_template(const std::vector<models::Message>& messages,
                                                   bool generation_prompt) override;
};

[[nodiscard]] Hooks byte_hooks();

}  // namespace twin::training::testing
