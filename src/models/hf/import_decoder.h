// A decoder-only model from a Hugging Face folder to GGUF, as llama.cpp reads it: training, serving and measuring then
// use one and the same file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/result.h"

namespace twin::models {

struct DecoderImport {
  std::filesystem::path gguf;
  std::vector<std::string> notes;  ///< what differs from the folder, for people
};

/// Matrices keep their type (f32, f16, bf16), vectors become f32. `name` is what the GGUF says of itself. Memory holds
/// one tensor. After a failure nothing is left at `gguf`. Errors: of read_decoder_config(), read_hf_vocabulary(),
/// HfWeights and decoder_tensors(); ErrorKind::io when the file cannot be written.
[[nodiscard]] Result<DecoderImport> import_decoder(const std::filesystem::path& folder,
                                                   const std::filesystem::path& gguf, const std::string& name,
                                                   ProgressSink& progress);

/// Names the content of a folder, for a model that is imported once: 64 hex digits over the files that a GGUF is made
/// of. Reads the weights once.
[[nodiscard]] Result<std::string> decoder_folder_sha256(const std::filesystem::path& folder);

}  // namespace twin::models
