// What the two worlds call the same model: GGUF architectures and tensors, Hugging Face classes and modules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/registry/gguf_file.h"

namespace twin::models {

struct Architecture {
  std::string gguf;                ///< general.architecture
  std::string model_type;          ///< config.json
  std::string hf_class;            ///< config.json "architectures"
  bool interleaved_heads = false;  ///< GGUF pairs rows (2i, 2i + 1) of a query or key head, Hugging Face (i, i + half)
  bool sandwich_norms = false;     ///< norms before and after attention and feed-forward (Gemma 3)
  double norm_offset = 0;          ///< GGUF stores the factor of a norm, Hugging Face the factor minus this
  bool gelu = false;               ///< GeGLU instead of SwiGLU
};

/// nullptr for one whose names are not known here.
[[nodiscard]] const Architecture* find_architecture(const std::string& gguf);
[[nodiscard]] const std::vector<Architecture>& architectures();

/// "blk.3.attn_q.weight" → "model.layers.3.self_attn.q_proj.weight"; empty for a tensor that Hugging Face does not
/// have.
[[nodiscard]] std::string hf_tensor_name(const Architecture& architecture, const std::string& gguf_tensor);
/// "model.layers.3.self_attn.q_proj" → "blk.3.attn_q.weight"; empty for a module that is no linear layer of the family.
[[nodiscard]] std::string gguf_weight_name(const std::string& hf_module);

/// Where a row of Hugging Face's query or key matrix is in the GGUF's; `heads` of `head_dim` rows each.
[[nodiscard]] std::int64_t interleaved_row(std::int64_t row, std::int64_t head_dim);
/// Heads of a query or key tensor (weight or bias) of a family with interleaved heads; 0: its rows are as they are.
[[nodiscard]] std::int64_t interleaved_head_count(const Architecture& architecture, const GgufFile& file,
                                                  const std::string& gguf_tensor);

}  // namespace twin::models
