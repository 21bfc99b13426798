// The adapter as Python's PEFT reads and writes it: adapter_config.json and adapter_model.safetensors.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/result.h"
#include "training/trainer/adapter.h"

namespace twin::training {

/// base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight, lora_B.weight; of 'm' lora_magnitude_vector (DoRA).
[[nodiscard]] std::string peft_key(const LoraPair& pair, char matrix);

/// Writes the tensors first and adapter_config.json last: a folder with a config is complete.
[[nodiscard]] Result<void> write_peft(const std::filesystem::path& folder, const Adapter& adapter,
                                      const std::string& base_name);

/// A LoRA or DoRA adapter for a model of this shape (no rank patterns or biases: ErrorKind::invalid).
[[nodiscard]] Result<std::unique_ptr<Adapter>> read_peft(const std::filesystem::path& folder, const ModelShape& shape);

}  // namespace twin::training
