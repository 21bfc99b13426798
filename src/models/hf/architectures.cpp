#include "models/hf/architectures.h"

#include <algorithm>
#include <array>
#include <utility>

namespace twin::models {
namespace {

using Names = std::pair<const char*, const char*>;  // GGUF, Hugging Face

constexpr std::array linear_names{Names{"attn_q", "self_attn.q_proj"}, Names{"attn_k", "self_attn.k_proj"},
                                  Names{"attn_v", "self_attn.v_proj"}, Names{"attn_output", "self_attn.o_proj"},
                                  Names{"ffn_gate", "mlp.gate_proj"},  Names{"ffn_up", "mlp.up_proj"},
                                  Names{"ffn_down", "mlp.down_proj"}};
constexpr std::array norm_names{Names{"attn_norm", "input_layernorm"}, Names{"attn_q_norm", "self_attn.q_norm"},
                                Names{"attn_k_norm", "self_attn.k_norm"}};
constexpr std::array plain_norms{Names{"ffn_norm", "post_attention_layernorm"}};
constexpr std::array sandwich{Names{"ffn_norm", "pre_feedforward_layernorm"},
                              Names{"post_attention_norm", "post_attention_layernorm"},
                              Names{"post_ffw_norm", "post_feedforward_layernorm"}};
constexpr std::array outer_names{Names{"token_embd", "model.embed_tokens"}, Names{"output_norm", "model.norm"},
                                 Names{"output", "lm_head"}};

template <class List>
std::string other_name(const List& list, const std::string& name) {
  for (const auto& [gguf, hf] : list) {
    if (name == gguf) return hf;
  }
  return {};
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> all = {
      {.gguf = "llama", .model_type = "llama", .hf_class = "LlamaForCausalLM", .interleaved_heads = true},
      {.gguf = "qwen2", .model_type = "qwen2", .hf_class = "Qwen2ForCausalLM"},
      {.gguf = "qwen3", .model_type = "qwen3", .hf_class = "Qwen3ForCausalLM"},
      {.gguf = "gemma3",
       .model_type = "gemma3_text",
       .hf_class = "Gemma3ForCausalLM",
       .sandwich_norms = true,
       .norm_offset = 1,
       .gelu = true},
  };
  return all;
}

const Architecture* find_architecture(const std::string& gguf) {
  const auto found = std::find_if(architectures().begin(), architectures().end(),
                                  [&](const Architecture& architecture) { return architecture.gguf == gguf; });
  return found == architectures().end() ? nullptr : &*found;
}

std::string hf_tensor_name(const Architecture& architecture, const std::string& tensor) {
  const auto dot = tensor.rfind('.');
  if (dot == std::string::npos) return {};
  std::string stem = tensor.substr(0, dot);
  const std::string kind = tensor.substr(dot);  // ".weight", ".bias"
  if (!stem.starts_with("blk.")) {
    const std::string outer = other_name(outer_names, stem);
    return outer.empty() ? std::string() : outer + kind;
  }
  const auto end = stem.find('.', 4);
  const std::string layer = stem.substr(4, end == std::string::npos ? end : end - 4);
  if (end == std::string::npos || !all_digits(layer)) return {};
  stem = stem.substr(end + 1);
  std::string module = other_name(linear_names, stem);
  if (module.empty()) module = other_name(norm_names, stem);
  if (module.empty()) module = architecture.sandwich_norms ? other_name(sandwich, stem) : other_name(plain_norms, stem);
  return module.empty() ? std::string() : "model.layers." + layer + "." + module + kind;
}

std::string gguf_weight_name(const std::string& module) {
  if (module == "lm_head") return "output.weight";
  constexpr const char* prefix = "model.layers.";
  if (!module.starts_with(prefix)) return {};
  const auto start = std::char_traits<char>::length(prefix);
  const auto dot = module.find('.', start);
  if (dot == std::string::npos || !all_digits(module.substr(start, dot - start))) return {};
  for (const auto& [gguf, hf] : linear_names) {
    if (module.compare(dot + 1, std::string::npos, hf) == 0)
      return "blk." + module.substr(start, dot - start) + "." + gguf + ".weight";
  }
  return {};
}

std::int64_t interleaved_row(std::int64_t row, std::int64_t head_dim) {
  const std::int64_t half = head_dim / 2;
  const std::int64_t in_head = row % head_dim;
  return row - in_head + 2 * (in_head % half) + in_head / half;
}

std::int64_t interleaved_head_count(const Architecture& architecture, const GgufFile& file, const std::string& tensor) {
  if (!architecture.interleaved_heads) return 0;
  const auto heads = file.number(architecture.gguf + ".attention.head_count").value_or(0);
  if (tensor.find(".attn_q.") != std::string::npos) return heads;
  if (tensor.find(".attn_k.") != std::string::npos)
    return file.number(architecture.gguf + ".attention.head_count_kv").value_or(heads);
  return 0;
}

}  // namespace twin::models
