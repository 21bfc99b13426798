// A cross-encoder as reranker: one model reads question and passage together.
#pragma once

#include <memory>

#include "inference/rag/rerank.h"
#include "models/engines/engine.h"

namespace twin::inference {

/// Reads title, headings and text, as they are embedded. `engine` outlives it.
[[nodiscard]] std::shared_ptr<Reranker> make_cross_encoder(models::RerankEngine& engine);

}  // namespace twin::inference
