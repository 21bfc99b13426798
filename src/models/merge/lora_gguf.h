// A LoRA adapter as llama.cpp loads it: blk.N.attn_q.weight.lora_a and .lora_b, adapter.lora.alpha.
#pragma once

#include "models/merge/lora.h"

namespace twin::models {

[[nodiscard]] Result<std::unique_ptr<LoraAdapter>> open_gguf_lora(const std::filesystem::path& path,
                                                                  const GgufRows& base);

}  // namespace twin::models
