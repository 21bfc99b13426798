// A LoRA adapter as Hugging Face PEFT writes it: adapter_config.json beside adapter_model.safetensors.
#pragma once

#include "models/merge/lora.h"

namespace twin::models {

inline constexpr const char* peft_config_name = "adapter_config.json";
inline constexpr const char* peft_weights_name = "adapter_model.safetensors";

[[nodiscard]] Result<std::unique_ptr<LoraAdapter>> open_peft_lora(const std::filesystem::path& folder,
                                                                  const GgufRows& base);

}  // namespace twin::models
