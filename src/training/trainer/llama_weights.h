// Shape and frozen weights of a model of the Llama family, read from its GGUF.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "training/trainer/gguf_reader.h"

namespace twin::training {

/// A linear layer: y [T, outputs] = x [T, inputs] · Wᵀ.
struct ModuleShape {
  std::int64_t inputs = 0, outputs = 0;
};

struct LlamaShape {
  std::int64_t layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, feed_forward = 0, vocabulary = 0;
  std::int64_t context = 0;
  double rope_base = 10000, rms_epsilon = 1e-5;

  /// The adaptable linear layers by their Hugging Face names, in the order of computing.
  [[nodiscard]] static const std::vector<std::string>& modules();
  /// {0, 0} for an unknown name.
  [[nodiscard]] ModuleShape module(const std::string& name) const;
};

/// Query and key weights are in the Hugging Face layout: RoPE pairs (i, i + head_dim/2) of a head. GGUF stores the
/// rows of each head interleaved, pairs (2i, 2i + 1).
struct LlamaLayer {
  at::Tensor attention_norm, ffn_norm;  ///< float32 [hidden]
  at::Tensor query, key, value;         ///< [heads or kv_heads · head_dim, hidden]
  at::Tensor output;                    ///< [hidden, heads · head_dim]
  at::Tensor gate, up;                  ///< [feed_forward, hidden]
  at::Tensor down;                      ///< [hidden, feed_forward]
};

struct LlamaWeights {
  LlamaShape shape;
  at::ScalarType dtype = at::kFloat;
  at::Tensor embedding;       ///< dtype [vocabulary, hidden]
  at::Tensor unembedding;     ///< dtype [vocabulary, hidden]; the same tensor when tied
  at::Tensor final_norm;      ///< float32 [hidden]
  at::Tensor rope_frequency;  ///< float32 [head_dim/2], radians per position
  std::vector<LlamaLayer> layers;
};

/// GGUF names: q_proj → attn_q …
[[nodiscard]] std::string gguf_name(const std::string& module);

/// Rows of a q or k matrix between the two layouts; `rows` is [heads · head_dim, n].
[[nodiscard]] at::Tensor interleave_heads(const at::Tensor& rows, std::int64_t heads);    ///< Hugging Face → GGUF
[[nodiscard]] at::Tensor deinterleave_heads(const at::Tensor& rows, std::int64_t heads);  ///< GGUF → Hugging Face

/// Dequantizes every weight to `dtype`. Other architectures, biases, experts, RoPE scaling by metadata and missing or
/// misshapen tensors are ErrorKind::invalid, naming what is not supported.
[[nodiscard]] Result<LlamaWeights> load_llama(const GgufReader& file, at::ScalarType dtype);

}  // namespace twin::training
