// Quantizing a GGUF file with llama.cpp's own program.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "core/result.h"

namespace twin::models {

/// As quantization_types() spells it, from any case; ErrorKind::usage lists them.
[[nodiscard]] Result<std::string> quantization_named(const std::string& name);

/// Writes `to` with llama-quantize; `type` as quantization_types() spells it. Stopping is ErrorKind::cancelled; after a
/// failure `to` may be incomplete.
[[nodiscard]] Result<void> quantize_gguf(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const std::string& type, std::stop_token stop = {});

}  // namespace twin::models
