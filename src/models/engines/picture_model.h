// Models that make vectors of pictures and texts in one space: what they are told around either, and their second file.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"
#include "models/registry/registry.h"

namespace twin::models {

/// What stands before and after a text, or a picture in its place.
struct EmbeddingFrame {
  std::string before, after;
};

/// The frame that models of this family (GgufInfo::architecture) were trained with: GME-Qwen2-VL ("qwen2vl"),
/// Qwen3-VL-Embedding ("qwen3vl"). Others get a line's end behind the picture: the vector is that of the last token,
/// which must have seen it.
[[nodiscard]] EmbeddingFrame frame_of(const std::string& architecture);

/// Whether the file at `projector` makes tokens of pictures (llama.cpp's "mmproj") and the vectors of `model` (the file
/// `path`) are those of a last token. llama-server decodes a picture and the text around it apart, so a mean would be
/// one of the text alone. ErrorKind::invalid says what is wrong; not_found: no such file.
[[nodiscard]] Result<void> check_projector(const GgufInfo& model, const std::filesystem::path& path,
                                           const std::filesystem::path& projector);

}  // namespace twin::models
