// Workers of the project's models, for steps and commands.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "models/engines/worker.h"
#include "ops/project/project.h"

namespace twin::ops {

/// Starts the worker of the project's embedding or chat model, this one with an adapter (a GGUF LoRA) that
/// requests may ask for. Throws Fatal with the worker's own words when it fails.
/// The embedding model is the configured one: for building the index.
[[nodiscard]] std::unique_ptr<models::Worker> start_embedding_worker(Project& project);
[[nodiscard]] std::unique_ptr<models::Worker> start_chat_worker(Project& project,
                                                                const std::filesystem::path& adapter = {});

/// The name (models::embedder_name()) of the model that the serving index was made with; the configured one where
/// nothing is indexed.
[[nodiscard]] std::string serving_embedder(Project& project);
/// Starts the worker of that model: for searching the index as it is, whatever is configured for the next build. Throws
/// Fatal when the model of this id is not the one any more that the index was made with.
[[nodiscard]] std::unique_ptr<models::Worker> start_search_worker(Project& project);

/// SHA-256 of the model's GGUF as the registry recorded it. Throws Fatal when the model is missing.
[[nodiscard]] std::string model_sha256(Project& project, const std::string& id);

}  // namespace twin::ops
