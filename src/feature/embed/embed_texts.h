// Texts of one document to vectors before it is cut: what strategy "semantic" asks for.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "feature/embed/build_index.h"
#include "models/engines/engine.h"

namespace twin::feature {

/// In order, in batches as the passages themselves; a text longer than the window is cut at its end. Waits for all.
/// Fails with the error of the first text that has no vector; throws Fatal when the engine is gone for good.
[[nodiscard]] Result<std::vector<std::vector<float>>> embed_texts(const EmbedConfig& config,
                                                                  models::EmbeddingEngine& engine,
                                                                  const std::vector<std::string>& texts,
                                                                  const std::stop_token& stop);

}  // namespace twin::feature
