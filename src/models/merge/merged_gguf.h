// The merged model as a GGUF file: the base's metadata and tokenizer, the merged weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "core/progress.h"
#include "models/merge/float_type.h"
#include "models/merge/merged_model.h"

namespace twin::models {

struct MergedGguf {
  FloatType type = FloatType::f16;
  std::string name;           ///< becomes general.name
  std::string chat_template;  ///< for a base that has none; empty: stays without
};

/// Bytes of the tensors (and a little for what is before them) that write_merged_gguf() will need.
[[nodiscard]] std::uint64_t merged_gguf_bytes(const MergedModel& model, FloatType type);

/// Matrices are stored in `type`; vectors, and what the base keeps in float32 beside narrower matrices, in float32;
/// integers as they are. The file is synced; after a failure it is incomplete and the
/// caller's to remove. Memory: a block of rows.
[[nodiscard]] Result<void> write_merged_gguf(const MergedModel& model, const MergedGguf& spec,
                                             const std::filesystem::path& path, Progress& progress,
                                             std::stop_token stop);

}  // namespace twin::models
