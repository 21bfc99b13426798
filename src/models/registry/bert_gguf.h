// A BERT-type encoder as llama.cpp reads it: which tensors there are, what is said of the model, and the file itself.
#pragma once

#include <gguf.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/registry/bert_config.h"

namespace twin::models {

struct BertTensor {
  std::string part;                 ///< "token_embd", "attn_q" …
  int layer = -1;                   ///< -1: of the embeddings
  bool bias = false;                ///< of a linear layer or a norm; else its weight
  std::vector<std::int64_t> shape;  ///< innermost first, as ggml has it
  bool matrix = false;              ///< may be stored in a narrow type; the rest is f32
  std::string source;               ///< what the imported format calls it; the importer's to set

  /// In the GGUF: "blk.0.attn_q.weight".
  [[nodiscard]] std::string name() const;
};

/// All tensors of the encoder, in the order of the file.
[[nodiscard]] std::vector<BertTensor> bert_tensors(const BertConfig& config);

/// The metadata of the model; `file_type` is llama.cpp's number (LLAMA_FTYPE) of the matrices' type.
void set_bert_hyperparameters(gguf_context* out, const BertConfig& config, std::uint32_t file_type);

/// Writes `path`: what is set in `out`, then the tensors, matrices of type `matrix`, with the bytes that `data` gives
/// for each in turn. Errors: of `data`, or ErrorKind::io; the file is incomplete then.
[[nodiscard]] Result<void> write_bert_gguf(gguf_context* out, const std::vector<BertTensor>& tensors, ggml_type matrix,
                                           const std::function<Result<std::string>(const BertTensor&)>& data,
                                           const std::filesystem::path& path);

}  // namespace twin::models
