#include "models/merge/hf_config.h"

#include <fmt/format.h>
#include <gguf.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/i18n.h"

namespace twin::models {
namespace {

constexpr int layers_of_gemma3_27b = 62;

class ConfigWriter {
 public:
  ConfigWriter(const Architecture& architecture, const GgufRows& base, std::vector<std::string>& notes)
      : architecture_(architecture), base_(base), notes_(notes) {}

  Result<Json> write(FloatType type) {
    config_ = {{"architectures", {architecture_.hf_class}},
               {"model_type", architecture_.model_type},
               {"hidden_size", need("embedding_length")},
               {"intermediate_size", need("feed_forward_length")},
               {"num_hidden_layers", need("block_count")},
               {"num_attention_heads", need("attention.head_count")},
               {"max_position_embeddings", need("context_length")},
               {"attention_dropout", 0.0},
               {"use_cache", true},
               {"torch_dtype", type == FloatType::f32   ? "float32"
                               : type == FloatType::f16 ? "float16"
                                                        : "bfloat16"},
               {"tie_word_embeddings", base_.find("output.weight") == nullptr}};
    const auto heads = need("attention.head_count");
    config_["num_key_value_heads"] = number("attention.head_count_kv").value_or(heads);
    config_["head_dim"] = number("attention.key_length").value_or(heads > 0 ? need("embedding_length") / heads : 0);
    config_["rms_norm_eps"] = real("attention.layer_norm_rms_epsilon").value_or(1e-5);
    const GgufTensor* const embedding = base_.find("token_embd.weight");
    config_["vocab_size"] = embedding == nullptr ? 0 : embedding->rows();
    config_[architecture_.sandwich_norms ? "hidden_activation" : "hidden_act"] =
        architecture_.gelu ? "gelu_pytorch_tanh" : "silu";
    add_token_ids();
    add_rope();
    add_family();
    if (missing_.empty()) return config_;
    return fail(ErrorKind::invalid, tr("The base's metadata has no usable {}", missing_), base_.path().string());
  }

 private:
  [[nodiscard]] std::string key(const char* name) const { return architecture_.gguf + "." + name; }
  [[nodiscard]] std::optional<std::int64_t> number(const char* name) const { return base_.file().number(key(name)); }
  [[nodiscard]] std::optional<double> real(const char* name) const { return gguf_real(base_.file(), key(name)); }
  std::int64_t need(const char* name) {
    const auto value = number(name).value_or(0);
    if (value <= 0 && missing_.empty()) missing_ = key(name);
    return value;
  }

  void add_token_ids() {
    for (const auto& [hf, gguf] : {std::pair{"bos_token_id", "tokenizer.ggml.bos_token_id"},
                                   {"eos_token_id", "tokenizer.ggml.eos_token_id"},
                                   {"pad_token_id", "tokenizer.ggml.padding_token_id"}}) {
      const auto id = base_.file().number(gguf);
      config_[hf] = id ? Json(*id) : Json(nullptr);
    }
  }

  void add_rope() {
    config_["rope_theta"] = real("rope.freq_base").value_or(10000.0);
    const auto type = base_.file().text(key("rope.scaling.type")).value_or("none");
    const double factor = real("rope.scaling.factor").value_or(1.0);
    if (type == "linear" && factor != 1.0) {
      config_["rope_scaling"] = {{"rope_type", "linear"}, {"factor", factor}};
    } else if (type == "yarn") {
      config_["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", factor}};
      if (const auto original = number("rope.scaling.original_context_length"))
        config_["rope_scaling"]["original_max_position_embeddings"] = *original;
    } else if (type != "none" && type != "linear") {
      notes_.push_back(tr("config.json: the RoPE scaling '{}' is not carried over", type));
    }
    if (base_.find("rope_freqs.weight") != nullptr) add_llama3_rope();
  }

  /// Llama 3 scales low frequencies by a factor; GGUF has the divisors only. Which of the published settings gave them?
  void add_llama3_rope() {
    const GgufTensor& tensor = *base_.find("rope_freqs.weight");
    std::vector<float> divisors;
    if (base_.read(tensor, 0, tensor.rows(), divisors)) {
      for (const double factor : {8.0, 32.0}) {
        if (!same_llama3(divisors, factor)) continue;
        config_["rope_scaling"] = {{"rope_type", "llama3"},
                                   {"factor", factor},
                                   {"low_freq_factor", 1.0},
                                   {"high_freq_factor", 4.0},
                                   {"original_max_position_embeddings", 8192}};
        return;
      }
    }
    notes_.push_back(tr("config.json: the RoPE scaling '{}' is not carried over", "rope_freqs.weight"));
  }

  bool same_llama3(const std::vector<float>& divisors, double factor) const {
    const double theta = config_["rope_theta"].get<double>();
    const auto head_dim = static_cast<double>(2 * divisors.size());
    for (std::size_t i = 0; i < divisors.size(); ++i) {
      const double wave = 2 * std::numbers::pi * std::pow(theta, 2.0 * static_cast<double>(i) / head_dim);
      double expected = 1;
      if (wave > 8192.0) {
        expected = factor;
      } else if (wave >= 8192.0 / 4) {
        const double smooth = (8192.0 / wave - 1.0) / 3.0;
        expected = 1.0 / ((1 - smooth) / factor + smooth);
      }
      if (std::abs(static_cast<double>(divisors[i]) - expected) > 1e-3 * expected) return false;
    }
    return true;
  }

  void add_family() {
    if (architecture_.gguf == "llama") {
      config_["attention_bias"] = base_.find("blk.0.attn_q.bias") != nullptr;
      config_["mlp_bias"] = false;
      return;
    }
    if (architecture_.gguf == "qwen2" || architecture_.gguf == "qwen3") {
      config_["use_sliding_window"] = false;
      if (architecture_.gguf == "qwen3") config_["attention_bias"] = false;
      return;
    }
    const auto layers = config_["num_hidden_layers"].get<std::int64_t>();
    const auto head_dim = config_["head_dim"].get<std::int64_t>();
    config_["attention_bias"] = false;
    // As llama.cpp has it: the largest one alone scales by hidden / heads.
    config_["query_pre_attn_scalar"] =
        layers == layers_of_gemma3_27b ? need("embedding_length") / need("attention.head_count") : head_dim;
    config_["sliding_window"] = number("attention.sliding_window").value_or(0);
    const auto pattern = number("attention.sliding_window_pattern").value_or(6);
    Json types = Json::array();
    for (std::int64_t i = 0; i < layers; ++i)
      types.push_back(pattern > 0 && (i + 1) % pattern != 0 ? "sliding_attention" : "full_attention");
    config_["layer_types"] = std::move(types);
    config_["rope_local_base_freq"] = real("rope.freq_base_swa").value_or(10000.0);
  }

  const Architecture& architecture_;
  const GgufRows& base_;
  std::vector<std::string>& notes_;
  Json config_;
  std::string missing_;
};

}  // namespace

std::optional<double> gguf_real(const GgufFile& file, const std::string& key) {
  const auto id = gguf_find_key(file.context(), key.c_str());
  if (id < 0) return std::nullopt;
  const auto type = gguf_get_kv_type(file.context(), id);
  if (type == GGUF_TYPE_FLOAT64) return gguf_get_val_f64(file.context(), id);
  if (type != GGUF_TYPE_FLOAT32) return std::nullopt;
  // 1e-06 as float32 is 9.99999997e-07: its shortest spelling is what was meant.
  return std::stod(fmt::format("{}", gguf_get_val_f32(file.context(), id)));
}

Result<Json> hf_config(const Architecture& architecture, const GgufRows& base, FloatType type,
                       std::vector<std::string>& notes) {
  return ConfigWriter(architecture, base, notes).write(type);
}

Json hf_generation_config(const GgufFile& file) {
  Json config = Json::object();
  if (const auto id = file.number("tokenizer.ggml.bos_token_id")) config["bos_token_id"] = *id;
  Json ends = Json::array();
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    const auto id = file.number(key);
    if (id && std::find(ends.begin(), ends.end(), Json(*id)) == ends.end()) ends.push_back(*id);
  }
  if (!ends.empty()) config["eos_token_id"] = ends.size() == 1 ? ends.front() : ends;
  if (const auto id = file.number("tokenizer.ggml.padding_token_id")) config["pad_token_id"] = *id;
  return config;
}

}  // namespace twin::models
