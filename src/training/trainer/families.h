// What distinguishes the model families that can be trained, as data: a new family is a row in families.cpp when it is
// made of these parts.
#pragma once

#include <string>
#include <vector>

namespace twin::training {

struct Family {
  enum class Gate { silu, gelu };  ///< SwiGLU or GeGLU (tanh form), Shazeer 2020

  std::string architecture = "llama";  ///< GGUF's general.architecture
  std::string members;                 ///< for people
  Gate gate = Gate::silu;
  bool interleaved_heads = false;  ///< GGUF stores rows of q and k interleaved (see LayerWeights)
  bool attention_bias = false;     ///< q, k and v have biases
  bool head_norms = false;         ///< RMSNorm of each query and key head
  bool post_norms = false;         ///< RMSNorm of what attention and feed-forward add to the residual
  bool scaled_embedding = false;   ///< embeddings times √hidden
  int window_pattern = 0;          ///< sliding attention on all but each n-th layer, where the file names a window
  double local_rope_base = 0;      ///< of layers with sliding attention
};

[[nodiscard]] const std::vector<Family>& families();
/// nullptr for one that cannot be trained.
[[nodiscard]] const Family* find_family(const std::string& architecture);

}  // namespace twin::training
