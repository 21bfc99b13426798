// What config.json and the sentence-transformers files beside it say about a BERT-type encoder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/result.h"

namespace twin::models {

struct BertConfig {
  std::uint32_t vocab_size = 0;
  std::uint32_t hidden = 0;
  std::uint32_t layers = 0;
  std::uint32_t heads = 0;
  std::uint32_t feed_forward = 0;
  std::uint32_t positions = 0;  ///< length of the position table
  std::uint32_t token_types = 1;
  float norm_epsilon = 1e-12F;
  std::uint32_t pooling = 1;     ///< GGUF pooling type: 1 mean, 2 cls
  std::uint32_t max_tokens = 0;  ///< window the encoder was trained for (sentence-transformers), 0: positions
  std::string name;              ///< empty: unknown, as is the licence
  std::string license;           ///< SPDX, in lower case
};

/// ErrorKind::invalid for another architecture or values out of range.
[[nodiscard]] Result<BertConfig> read_bert_config(const std::filesystem::path& folder);

}  // namespace twin::models
