// What config.json of a Hugging Face folder says about a decoder-only model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/hf/architectures.h"

namespace twin::models {

/// Llama 3.1's scaling of low frequencies.
struct Llama3Rope {
  double factor = 1, low = 1, high = 4, original = 8192;
};

struct DecoderConfig {
  const Architecture* family = nullptr;  ///< what it becomes as a GGUF
  std::string model_type;                ///< config.json's
  std::int64_t vocabulary = 0, hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, feed_forward = 0;
  std::int64_t context = 0;
  std::int64_t window = 0;  ///< of sliding attention (Gemma 3); 0: none
  double rms_epsilon = 1e-6, rope_base = 10000, local_rope_base = 10000;
  double rope_factor = 1;  ///< positions are divided by it (linear scaling)
  std::optional<Llama3Rope> llama3;
  bool tied = false;         ///< the output matrix is the embedding
  bool query_bias = false;   ///< of queries, keys and values
  bool output_bias = false;  ///< of attention's output
  bool fused = false;        ///< q, k, v in one matrix, gate and up in another (Phi-3)
  std::optional<std::int64_t> bos, eos, pad;
  std::vector<std::int64_t> ends;  ///< all tokens that end an answer (generation_config.json)
  std::vector<std::string> notes;  ///< what differs in the GGUF, for people
};

/// Whether the folder holds a config.json of a text-generating model (of any family).
[[nodiscard]] bool is_decoder_folder(const std::filesystem::path& folder);

/// ErrorKind::invalid names what is malformed or cannot be expressed: another family, quantized weights, RoPE scalings
/// other than linear and Llama 3's, activations or biases that the family's GGUF does not have.
[[nodiscard]] Result<DecoderConfig> read_decoder_config(const std::filesystem::path& folder);

/// For people: "Llama, Mistral, …".
[[nodiscard]] std::string known_decoder_types();

}  // namespace twin::models
