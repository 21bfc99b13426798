// Static embedding models (model2vec, StaticEmbedding of sentence-transformers) from safetensors to GGUF.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace twin::models {

/// Whether a folder with model.safetensors holds such a model: one table named "embeddings" or "embedding.weight".
[[nodiscard]] bool is_model2vec(const std::filesystem::path& folder);

/// Table (as f16), tokenizer.json, and, where the vocabulary was quantized, rows and weights of tokens. Returns what
/// was written. ErrorKind::invalid for a tokenizer with a step that is not known here, or a table of another size.
[[nodiscard]] Result<std::filesystem::path> import_model2vec(const std::filesystem::path& folder,
                                                             const std::filesystem::path& gguf);

}  // namespace twin::models
