// An embedding model and what lets it see pictures, under one name.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"
#include "models/registry/registry.h"

namespace twin::models {

/// Ids of the registry. `projector` is empty for a model that reads texts alone.
struct EmbedderIds {
  std::string model, projector;
};
/// "MODEL", or "MODEL+PROJECTOR": what an index records of the model that it was made with. No id has a plus sign.
[[nodiscard]] std::string embedder_name(const EmbedderIds& ids);
[[nodiscard]] EmbedderIds embedder_ids(const std::string& name);

struct EmbedderFiles {
  std::filesystem::path model, projector;
};
/// The GGUF of each; not_found with the pull command as hint.
[[nodiscard]] Result<EmbedderFiles> embedder_files(const ModelRegistry& registry, const std::string& name);

}  // namespace twin::models
