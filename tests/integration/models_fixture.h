// The real models for integration tests: a registry folder named by TWIN_TEST_MODELS, holding "smollm2" (chat) and
// "minilm" (embedding).
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

#include "core/files.h"
#include "models/engines/worker.h"
#include "models/registry/registry.h"

namespace twin::test {

/// The error of a failed result, for messages.
template <class T>
std::string why(const Result<T>& result) {
  return result ? std::string() : result.error().text();
}

/// The GGUF, or nothing with a message that says how to get it.
inline std::optional<std::filesystem::path> test_model(const std::string& id) {
  const char* const root = std::getenv("TWIN_TEST_MODELS");
  if (root == nullptr || *root == '\0') {
    MESSAGE("skipped: TWIN_TEST_MODELS does not name a folder of models");
    return std::nullopt;
  }
  const auto path = models::ModelRegistry(root).gguf(id);
  if (path) return *path;
  FAIL("TWIN_TEST_MODELS has no model: " << path.error().text());
  return std::nullopt;
}

inline models::WorkerSpec worker_spec(const std::filesystem::path& model, const std::filesystem::path& logs,
                                      bool embedding) {
  models::WorkerSpec spec;
  spec.name = embedding ? "embed" : "chat";
  spec.model = model;
  spec.embedding = embedding;
  spec.log_folder = logs;
  spec.config.threads = 2;
  spec.config.context_tokens = embedding ? 512 : 1024;
  return spec;
}

}  // namespace twin::test
