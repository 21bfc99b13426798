#include "models/hf/decoder_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "models/hf/json_file.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t largest_size = 1 << 24;  // of any size in config.json; far above every real model
constexpr int gemma3_pattern = 6;               // every sixth layer attends to everything; llama.cpp knows no other
constexpr std::int64_t layers_of_gemma3_27b = 62;

/// model_type → the GGUF architecture that computes the same.
struct DecoderKind {
  const char* model_type;
  const char* gguf;
  const char* activation;
  bool tied;  ///< where config.json is silent
};
constexpr std::array decoder_kinds{
    DecoderKind{"llama", "llama", "silu", false}, DecoderKind{"mistral", "llama", "silu", false},
    DecoderKind{"phi3", "llama", "silu", false},  DecoderKind{"qwen2", "qwen2", "silu", false},
    DecoderKind{"qwen3", "qwen3", "silu", false}, DecoderKind{"gemma3_text", "gemma3", "gelu_pytorch_tanh", true}};

bool is_given(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && !found->is_null() && *found != false && !(found->is_array() && found->empty());
}

std::int64_t config_whole(const Json& json, const char* key, std::optional<std::int64_t> missing = std::nullopt) {
  if ((!json.contains(key) || json[key].is_null()) && missing) return *missing;
  const auto value = json.at(key).get<std::int64_t>();
  if (value < 1 || value > largest_size) throw std::invalid_argument(std::string(key) + " is out of range");
  return value;
}

double config_real(const Json& json, const char* key, double missing) {
  if (!json.contains(key) || json[key].is_null()) return missing;
  const auto value = json[key].get<double>();
  if (!(value > 0) || !std::isfinite(value)) throw std::invalid_argument(std::string(key) + " is out of range");
  return value;
}

/// Written as one id or as a list.
std::vector<std::int64_t> token_ids(const Json& json, const char* key) {
  std::vector<std::int64_t> ids;
  const auto found = json.find(key);
  if (found == json.end()) return ids;
  for (const Json& id : found->is_array() ? *found : Json::array({*found})) {
    if (id.is_number_integer()) ids.push_back(id.get<std::int64_t>());
  }
  return ids;
}

std::optional<std::int64_t> first_id(const std::vector<std::int64_t>& ids) {
  return ids.empty() ? std::nullopt : std::optional(ids.front());
}

/// Throws what is malformed; what cannot be expressed as a GGUF is `refused()`.
class ConfigReader {
 public:
  ConfigReader(const Json& json, const DecoderKind& kind) : json_(json), kind_(kind) {}

  DecoderConfig read() {
    config_.model_type = kind_.model_type;
    config_.family = find_architecture(kind_.gguf);
    refuse_what_is_not_computed();
    read_sizes();
    read_rope();
    read_attention();
    read_tokens();
    return std::move(config_);
  }
  [[nodiscard]] const std::string& refused() const { return refused_; }

 private:
  void refuse(const std::string& what) {
    if (refused_.empty()) refused_ = what;
  }
  [[nodiscard]] bool is(const char* model_type) const { return config_.model_type == model_type; }

  void refuse_what_is_not_computed() {
    if (is_given(json_, "quantization_config")) refuse(tr("its weights are quantized (quantization_config)"));
    const char* const key = json_.contains("hidden_activation") ? "hidden_activation" : "hidden_act";
    const std::string activation = json_.value(key, std::string(kind_.activation));
    if (activation != kind_.activation) refuse(tr("its activation is '{}'", activation));
    if (is_given(json_, "mlp_bias")) refuse(tr("its feed-forward layers have biases"));
    for (const char* cap : {"final_logit_softcapping", "attn_logit_softcapping"}) {
      if (is_given(json_, cap)) refuse(tr("its logits are capped"));
    }
    if (json_.value("partial_rotary_factor", 1.0) != 1.0) refuse(tr("only a part of each head is rotated"));
  }

  void read_sizes() {
    config_.vocabulary = config_whole(json_, "vocab_size");
    config_.hidden = config_whole(json_, "hidden_size");
    config_.layers = config_whole(json_, "num_hidden_layers");
    config_.heads = config_whole(json_, "num_attention_heads");
    config_.kv_heads = config_whole(json_, "num_key_value_heads", config_.heads);
    config_.feed_forward = config_whole(json_, "intermediate_size");
    config_.context = config_whole(json_, "max_position_embeddings");
    config_.head_dim = config_whole(json_, "head_dim", config_.hidden / config_.heads);
    config_.rms_epsilon = config_real(json_, "rms_norm_eps", 1e-6);
    config_.tied = json_.value("tie_word_embeddings", kind_.tied);
    config_.fused = is("phi3");
    if (config_.heads % config_.kv_heads != 0 || config_.head_dim % 2 != 0)
      throw std::invalid_argument("num_attention_heads");
  }

  /// rope_theta and rope_scaling; newer files have both in rope_parameters, per kind of attention in Gemma 3.
  void read_rope() {
    Json rope = json_.value("rope_parameters", Json());
    if (rope.is_object() && rope.contains("full_attention")) {
      const Json local = rope.value("sliding_attention", Json::object());
      config_.local_rope_base = config_real(local, "rope_theta", 10000.0);
      if (local.value("rope_type", "default") != "default") refuse(tr("its RoPE scaling is '{}'", "sliding_attention"));
      rope = rope["full_attention"];
    } else if (!rope.is_object()) {
      rope = json_.value("rope_scaling", Json());
      config_.local_rope_base = config_real(json_, "rope_local_base_freq", 10000.0);
    }
    if (!rope.is_object()) rope = Json::object();
    const double usual = is("gemma3_text") ? 1e6 : 10000.0;
    config_.rope_base = config_real(rope, "rope_theta", config_real(json_, "rope_theta", usual));
    const std::string type = rope.value("rope_type", rope.value("type", "default"));
    if (type == "linear") {
      config_.rope_factor = config_real(rope, "factor", 1.0);
    } else if (type == "llama3" && kind_.gguf == std::string("llama")) {
      config_.llama3 = Llama3Rope{config_real(rope, "factor", 1.0), config_real(rope, "low_freq_factor", 1.0),
                                  config_real(rope, "high_freq_factor", 4.0),
                                  config_real(rope, "original_max_position_embeddings", 8192.0)};
    } else if (type != "default") {
      refuse(tr("its RoPE scaling is '{}'", type));
    }
  }

  void read_attention() {
    const bool biased = is_given(json_, "attention_bias");
    if (is("qwen2")) {
      config_.query_bias = true;
    } else if (is("llama")) {
      config_.query_bias = config_.output_bias = biased;
    } else if (biased) {
      refuse(tr("its attention has biases"));
    }
    if (is("gemma3_text")) return read_gemma_attention();
    if (json_.value("use_sliding_window", false)) refuse(tr("its attention slides over a window"));
    if (!is("mistral") && !is("phi3")) return;
    // Exact within the window: beyond it attention slides, which the Llama architecture does not.
    const auto window = config_whole(json_, "sliding_window", config_.context);
    if (window < config_.context) {
      config_.notes.push_back(
          tr("context: {} tokens instead of {}, for attention slides over a window beyond", window, config_.context));
      config_.context = window;
    }
  }

  void read_gemma_attention() {
    config_.window = config_whole(json_, "sliding_window", 4096);
    bool usual = config_whole(json_, "sliding_window_pattern", gemma3_pattern) == gemma3_pattern;
    if (const Json types = json_.value("layer_types", Json()); types.is_array()) {
      usual = types.size() == static_cast<std::size_t>(config_.layers);
      for (std::size_t i = 0; usual && i < types.size(); ++i)
        usual = (types[i] == "full_attention") == ((i + 1) % gemma3_pattern == 0);
    }
    if (!usual) refuse(tr("not every sixth layer attends to everything (layer_types)"));
    if (json_.value("use_bidirectional_attention", false)) refuse(tr("its attention looks ahead"));
    const double scalar = config_real(json_, "query_pre_attn_scalar", 256.0);
    const auto expected = config_.layers == layers_of_gemma3_27b
                              ? static_cast<double>(config_.hidden) / static_cast<double>(config_.heads)
                              : static_cast<double>(config_.head_dim);
    if (scalar != expected) refuse(tr("its query_pre_attn_scalar is {}, not {}", scalar, expected));
  }

  void read_tokens() {
    config_.bos = first_id(token_ids(json_, "bos_token_id"));
    config_.ends = token_ids(json_, "eos_token_id");
    config_.eos = first_id(config_.ends);
    config_.pad = first_id(token_ids(json_, "pad_token_id"));
  }

  const Json& json_;
  const DecoderKind& kind_;
  DecoderConfig config_;
  std::string refused_;
};

}  // namespace

std::string known_decoder_types() {
  return "Llama (SmolLM2, TinyLlama, Mistral), Qwen 2, Qwen 2.5, Qwen 3, Gemma 3 (text), Phi-3";
}

bool is_decoder_folder(const fs::path& folder) {
  const Json json = read_json_file(folder / "config.json");
  if (!json.is_object()) return false;
  const auto type = json.value("model_type", Json());
  if (type == "bert") return false;  // its importer reads any class of it
  const auto classes = json.find("architectures");
  if (classes != json.end() && classes->is_array() && !classes->empty() && classes->front().is_string()) {
    const auto name = classes->front().get<std::string>();
    return name.ends_with("ForCausalLM") || name.ends_with("LMHeadModel") || name.ends_with("ForConditionalGeneration");
  }
  return std::any_of(decoder_kinds.begin(), decoder_kinds.end(),
                     [&](const DecoderKind& kind) { return type == kind.model_type; });
}

Result<DecoderConfig> read_decoder_config(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const auto bytes = disk().read(path);
  if (!bytes) return tl::unexpected(bytes.error());
  try {
    const Json json = Json::parse(*bytes);
    const std::string type = json.value("model_type", "?");
    const auto kind = std::find_if(decoder_kinds.begin(), decoder_kinds.end(),
                                   [&](const DecoderKind& each) { return type == each.model_type; });
    const auto refused = [&](const std::string& what) {
      return fail(ErrorKind::invalid, tr("This model cannot be imported: {}", what), path.string(),
                  tr("Known are {}; others have to be converted to GGUF first", known_decoder_types()));
    };
    if (kind == decoder_kinds.end()) return refused(tr("its type is '{}'", type));
    ConfigReader reader(json, *kind);
    DecoderConfig config = reader.read();
    if (!reader.refused().empty()) return refused(reader.refused());
    const Json generation = read_json_file(folder / "generation_config.json");
    if (generation.is_object()) {
      if (auto ends = token_ids(generation, "eos_token_id"); !ends.empty()) config.ends = std::move(ends);
    }
    return config;
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("Unusable model configuration: {}", e.what()), path.string());
  }
}

}  // namespace twin::models
