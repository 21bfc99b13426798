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
[[nodiscard]] std::unique_ptr<models::Worker> start_embedding_worker(Project& project);
[[nodiscard]] std::unique_ptr<models::Worker> start_chat_worker(Project& project,
                                                                const std::filesystem::path& adapter = {});

/// SHA-256 of the model's GGUF as the registry recorded it. Throws Fatal when the model is missing.
[[nodiscard]] std::string model_sha256(Project& project, const std::string& id);

}  // namespace twin::ops
