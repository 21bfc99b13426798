// The adapter that a command names, and what is known of it where it lies.
#pragma once

#include <filesystem>
#include <string>

#include "cli/session.h"

namespace twin::cli {

struct AdapterSource {
  std::string name;
  std::filesystem::path path;  ///< GGUF file or PEFT folder
  std::filesystem::path gguf;  ///< its GGUF form; empty without one
  bool of_project = false;     ///< trained by a project, with Twin's own prompts
  std::string base;            ///< the model it says it was made for; empty when it does not say
  std::string card;            ///< README.md of its run; empty without one
};

/// `reference`: a GGUF adapter, a PEFT folder, the folder of `twin train --out`, or the id of an adapter in the
/// registry; empty: the project's own. Throws Fatal.
[[nodiscard]] AdapterSource find_adapter_source(Session& session, const std::string& reference);

/// The registry that find_base_model() looks into, too: the project's, or else the user's.
[[nodiscard]] models::ModelRegistry registry_here(Session& session);

}  // namespace twin::cli
