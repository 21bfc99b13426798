// Shape and frozen weights of a base model, read from its GGUF. What differs between families is data here
// (families.h), not a class per family.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "training/trainer/families.h"
#include "training/trainer/gguf_reader.h"

namespace twin::training {

/// A linear layer: y [T, outputs] = x [T, inputs] · Wᵀ.
struct ModuleShape {
  std::int64_t inputs = 0, outputs = 0;
};

struct ModelShape {
  Family family;
  std::int64_t layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, feed_forward = 0, vocabulary = 0;
  std::int64_t context = 0;
  std::int64_t window = 0;          ///< of layers with sliding attention: tokens seen, itself included; 0: all
  std::int64_t window_pattern = 0;  ///< every so many layers one attends to everything; 0: all do
  double rope_base = 10000, rms_epsilon = 1e-5;
  double attention_scale = 0;  ///< factor of query · key

  /// Whether a layer (0-based) attends to everything before a token.
  [[nodiscard]] bool is_global(std::int64_t layer) const {
    return window_pattern == 0 || (layer + 1) % window_pattern == 0;
  }
  /// The adaptable linear layers by their Hugging Face names, in the order of computing.
  [[nodiscard]] static const std::vector<std::string>& modules();
  /// {0, 0} for an unknown name.
  [[nodiscard]] ModuleShape module(const std::string& name) const;
};

/// Query and key weights are in the Hugging Face layout: RoPE pairs (i, i + head_dim/2) of a head. GGUF stores the
/// rows of each head of the Llama family interleaved, pairs (2i, 2i + 1). Tensors of parts that the family does not
/// have are undefined.
struct LayerWeights {
  at::Tensor attention_norm, ffn_norm;            ///< float32 [hidden]
  at::Tensor attention_post_norm, ffn_post_norm;  ///< float32 [hidden]; of the sublayer's output
  at::Tensor query_norm, key_norm;                ///< float32 [head_dim]; of each head before RoPE
  FrozenMatrix query, key, value;                 ///< [heads or kv_heads · head_dim, hidden]
  at::Tensor query_bias, key_bias, value_bias;    ///< [heads or kv_heads · head_dim]
  FrozenMatrix output;                            ///< [hidden, heads · head_dim]
  FrozenMatrix gate, up;                          ///< [feed_forward, hidden]
  FrozenMatrix down;                              ///< [hidden, feed_forward]
};

struct ModelWeights {
  ModelShape shape;
  at::ScalarType dtype = at::kFloat;
  at::Tensor embedding;             ///< dtype [vocabulary, hidden]
  at::Tensor unembedding;           ///< dtype [vocabulary, hidden]; the same tensor when tied
  at::Tensor final_norm;            ///< float32 [hidden]
  at::Tensor rope_frequency;        ///< float32 [head_dim/2], radians per position
  at::Tensor local_rope_frequency;  ///< the same of layers with sliding attention
  std::vector<LayerWeights> layers;
};

/// GGUF names: q_proj → attn_q …
[[nodiscard]] std::string gguf_name(const std::string& module);

/// Rows of a q or k matrix between the two layouts; `rows` is [heads · head_dim, n].
[[nodiscard]] at::Tensor interleave_heads(const at::Tensor& rows, std::int64_t heads);    ///< Hugging Face → GGUF
[[nodiscard]] at::Tensor deinterleave_heads(const at::Tensor& rows, std::int64_t heads);  ///< GGUF → Hugging Face

/// The shape alone, from the metadata; what cannot be trained is said before anything is tokenized or loaded.
[[nodiscard]] Result<ModelShape> load_shape(const GgufReader& file);

/// Widens every weight to `dtype`; with `quantize` (TrainConfig::quantize_base) the linear layers are kept in blocks.
/// `layers` > 0: only so many of the first ones, and the shape says so.
/// Unknown architectures, experts, unknown RoPE scaling and missing or misshapen tensors are ErrorKind::invalid, naming
/// what is not supported.
[[nodiscard]] Result<ModelWeights> load_weights(const GgufReader& file, at::ScalarType dtype,
                                                const std::string& quantize = "false", std::int64_t layers = 0);

}  // namespace twin::training
