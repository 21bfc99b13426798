#include "training/trainer/peft.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "training/trainer/tensor_file.h"

namespace twin::training {
namespace {

constexpr const char* weights_name = "adapter_model.safetensors";
constexpr const char* config_name = "adapter_config.json";

bool in_attention(const std::string& module) {
  return module == "q_proj" || module == "k_proj" || module == "v_proj" || module == "o_proj";
}

Json peft_config(const LoraConfig& lora, const std::string& base_name) {
  return Json{{"peft_type", "LORA"},
              {"task_type", "CAUSAL_LM"},
              {"base_model_name_or_path", base_name},
              {"r", lora.r},
              {"lora_alpha", lora.alpha},
              {"lora_dropout", lora.dropout},
              {"target_modules", lora.targets},
              {"bias", "none"},
              {"fan_in_fan_out", false},
              {"inference_mode", true},
              {"init_lora_weights", true},
              {"use_rslora", lora.rslora},
              {"use_dora", lora.dora},
              {"modules_to_save", nullptr},
              {"layers_to_transform", nullptr}};
}

Result<LoraConfig> parse_config(const Json& json, const std::string& where) {
  const auto refuse = [&](const char* key) {
    return fail(ErrorKind::invalid, tr("The adapter's setting {} is not supported or malformed", key), where,
                tr("use a plain LoRA adapter"));
  };
  if (!json.is_object() || json.value("peft_type", Json()) != "LORA") return refuse("peft_type");
  if (json.contains("fan_in_fan_out") && json["fan_in_fan_out"] != false) return refuse("fan_in_fan_out");
  for (const char* key : {"rank_pattern", "alpha_pattern"}) {
    if (json.contains(key) && !json[key].empty()) return refuse(key);
  }
  if (json.contains("bias") && json["bias"] != "none") return refuse("bias");
  LoraConfig config;
  if (!json.contains("r") || !json["r"].is_number_integer() || json["r"] < 1) return refuse("r");
  if (!json.contains("lora_alpha") || !json["lora_alpha"].is_number()) return refuse("lora_alpha");
  if (!json.contains("target_modules") || !json["target_modules"].is_array()) return refuse("target_modules");
  config.r = json["r"].get<int>();
  config.alpha = json["lora_alpha"].get<double>();
  config.rslora = json.value("use_rslora", false);
  config.dora = json.value("use_dora", false);
  config.targets.clear();
  for (const auto& target : json["target_modules"]) {
    if (!target.is_string()) return refuse("target_modules");
    config.targets.push_back(target.get<std::string>());
  }
  return config;
}

}  // namespace

std::string peft_key(const LoraPair& pair, char matrix) {
  const std::string last = matrix == 'm' ? "magnitude_vector" : std::string(1, matrix) + ".weight";
  return fmt::format("base_model.model.model.layers.{}.{}.{}.lora_{}", pair.layer,
                     in_attention(pair.module) ? "self_attn" : "mlp", pair.module, last);
}

Result<void> write_peft(const std::filesystem::path& folder, const Adapter& adapter, const std::string& base_name) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& pair : adapter.pairs()) {
    tensors[peft_key(pair, 'A')] = pair.a;
    tensors[peft_key(pair, 'B')] = pair.b;
    if (pair.magnitude.defined()) tensors[peft_key(pair, 'm')] = pair.magnitude;
  }
  if (auto written = write_safetensors(folder / weights_name, tensors, {{"format", "pt"}}); !written) return written;
  return disk().write(folder / config_name, peft_config(adapter.config(), base_name).dump(2) + "\n");
}

Result<std::unique_ptr<Adapter>> read_peft(const std::filesystem::path& folder, const ModelShape& shape) {
  const auto text = disk().read(folder / config_name);
  if (!text) return tl::unexpected(text.error());
  const auto where = (folder / config_name).string();
  const auto config = parse_config(Json::parse(*text, nullptr, false), where);
  if (!config) return tl::unexpected(config.error());
  for (const auto& target : config->targets) {
    if (shape.module(target).outputs == 0)
      return fail(ErrorKind::invalid, tr("The model has no linear layer {}", target), where);
  }
  auto adapter = std::make_unique<Adapter>(shape, *config);
  for (const auto& pair : adapter->pairs()) {
    for (const auto& [tensor, matrix] : {std::pair{pair.a, 'A'}, {pair.b, 'B'}, {pair.magnitude, 'm'}}) {
      if (!tensor.defined()) continue;
      const auto values = read_tensor(folder / weights_name, peft_key(pair, matrix), tensor.sizes().vec());
      if (!values) return tl::unexpected(values.error());
      tensor.copy_(*values);
    }
  }
  return adapter;
}

}  // namespace twin::training
