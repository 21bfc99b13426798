// A picture that is searched for.
#pragma once

#include <filesystem>
#include <vector>

#include "feature/collect/pictures.h"
#include "models/engines/engine.h"

namespace twin::cli {

/// The vector of a picture file. Throws Fatal: no such file, one beyond the limits (`collect.images`), one that cannot
/// be decoded, or an engine that sees no pictures.
[[nodiscard]] std::vector<float> embed_query_picture(models::EmbeddingEngine& engine, const std::filesystem::path& file,
                                                     const feature::ImagesConfig& limits);

}  // namespace twin::cli
