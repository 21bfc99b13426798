// The model that dataset generators ask: the project's own on this machine, or one at a URL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "feature/datasets/datasets.h"
#include "ops/project/project.h"

namespace twin::ops {

struct DatasetModel {
  std::unique_ptr<models::ChatEngine> engine;  ///< null for a generator that asks none
  feature::GeneratorTools tools;
};

/// Starts what the generator of that kind (instruct | preference) asks. Self-play always asks the model that is to be
/// trained, with dataset.self_play_adapter when there is one; others ask dataset.generate.provider where it has a URL.
/// Throws Fatal as start_chat_worker(), or when the provider's key is not in the environment.
[[nodiscard]] DatasetModel start_dataset_model(Project& project, std::string_view kind);

/// What identifies that model in keys and provenance: the SHA-256 of the weights, "model@url"; empty for none. Throws
/// Fatal when the model is not on this machine.
[[nodiscard]] std::string dataset_model_id(Project& project, std::string_view kind);

}  // namespace twin::ops
