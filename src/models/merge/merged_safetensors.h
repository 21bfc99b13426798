// The merged model as Hugging Face's safetensors: their names, their order of rows, in files up to a size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "models/hf/architectures.h"
#include "models/merge/float_type.h"
#include "models/merge/merged_model.h"

namespace twin::models {

struct SafetensorsSpec {
  FloatType type = FloatType::bf16;
  std::uint64_t shard_bytes = 5'000'000'000;  ///< a tensor larger than this has a file of its own
};

/// Bytes of the files.
[[nodiscard]] std::uint64_t merged_safetensors_bytes(const MergedModel& model, FloatType type);

/// model.safetensors, or model-00001-of-0000N.safetensors with model.safetensors.index.json; returns their names,
/// synced. Memory: a block of rows, or one query or key matrix, whose rows change places. A tensor that the family does
/// not have in Hugging Face is ErrorKind::invalid, by name (rope_freqs.weight is left to config.json).
[[nodiscard]] Result<std::vector<std::string>> write_merged_safetensors(const MergedModel& model,
                                                                        const Architecture& architecture,
                                                                        const SafetensorsSpec& spec,
                                                                        const std::filesystem::path& folder,
                                                                        Progress& progress, std::stop_token stop);

}  // namespace twin::models
