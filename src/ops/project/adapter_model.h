// A trained adapter as a model of the registry, with where it comes from and how it measured.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "ops/project/project.h"
#include "training/train_job.h"

namespace twin::ops {

struct AdapterOrigin {
  std::string id;  ///< in the registry; an older model of this id is replaced
  std::string run_id;
  std::string dataset_sha256;
  std::map<std::string, std::string> details = {};  ///< whatever else is worth keeping
};

/// Copies adapter.gguf, the PEFT folder and the model card out of `folder`, the out folder of the training. Throws
/// Fatal when they cannot be read or written.
[[nodiscard]] models::Model register_adapter(Project& project, const training::TrainResult& result,
                                             const std::filesystem::path& folder, const AdapterOrigin& origin);

/// Of its adapter.gguf; empty when there is none.
[[nodiscard]] std::string adapter_sha256(const models::Model& adapter);

}  // namespace twin::ops
