#include "training/trainer/families.h"

#include <algorithm>

namespace twin::training {

const std::vector<Family>& families() {
  // Touvron et al. 2023; Yang et al. 2024 (Qwen2) and 2025 (Qwen3); Gemma Team 2025 (Gemma 3).
  static const std::vector<Family> all = {
      {.architecture = "llama", .members = "Llama, SmolLM2, TinyLlama, Mistral", .interleaved_heads = true},
      {.architecture = "qwen2", .members = "Qwen2, Qwen2.5", .attention_bias = true},
      {.architecture = "qwen3", .members = "Qwen3", .head_norms = true},
      {.architecture = "gemma3",
       .members = "Gemma 3",
       .gate = Family::Gate::gelu,
       .head_norms = true,
       .post_norms = true,
       .scaled_embedding = true,
       .window_pattern = 6,
       .local_rope_base = 10000},
  };
  return all;
}

const Family* find_family(const std::string& architecture) {
  const auto found = std::find_if(families().begin(), families().end(),
                                  [&](const Family& family) { return family.architecture == architecture; });
  return found == families().end() ? nullptr : &*found;
}

}  // namespace twin::training
