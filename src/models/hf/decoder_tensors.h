// The tensors of a decoder's GGUF and where each lies in a Hugging Face folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/hf/decoder_config.h"
#include "models/hf/hf_weights.h"
#include "models/registry/gguf_output.h"

namespace twin::models {

struct DecoderTensor {
  GgufPlace place;             ///< matrices in the type they are stored in, vectors f32
  std::string source;          ///< in the folder; empty: made from the configuration (rope_freqs.weight)
  std::int64_t first_row = 0;  ///< of the source's rows: one of several matrices that lie below each other
  std::int64_t heads = 0;      ///< whose rows change places; 0: none
  float offset = 0;            ///< added to each value of a vector
};

/// In the order of the file. Each tensor of the folder is used: ErrorKind::invalid names one that is missing, has
/// another shape than the configuration says, is of a type without fractions, or has no place in the model.
[[nodiscard]] Result<std::vector<DecoderTensor>> decoder_tensors(const DecoderConfig& config, const HfWeights& weights);

/// The bytes of one of them, as the GGUF holds it.
[[nodiscard]] Result<std::string> read_decoder_tensor(const DecoderConfig& config, const DecoderTensor& tensor,
                                                      const HfWeights& weights);

}  // namespace twin::models
