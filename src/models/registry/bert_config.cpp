#include "models/registry/bert_config.h"

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t largest_dimension = 1u << 20;  // of any size in config.json; far above every real encoder

std::uint32_t positive(const Json& json, const char* key) {
  const auto value = json.at(key).get<std::int64_t>();
  if (value < 1 || value > largest_dimension) throw std::invalid_argument(std::string(key) + " is out of range");
  return static_cast<std::uint32_t>(value);
}

Json read_optional(const fs::path& path) {
  const auto bytes = disk().read(path);
  return bytes ? Json::parse(*bytes, nullptr, false) : Json();
}

/// Pooling as modules.json and its Pooling module say; mean where they are silent.
Result<std::uint32_t> read_pooling(const fs::path& folder) {
  const Json modules = read_optional(folder / "modules.json");
  if (!modules.is_array()) return 1u;
  for (const Json& module : modules) {
    if (!module.is_object() || !module.value("type", "").ends_with("Pooling")) continue;
    const fs::path relative = module.value("path", "");
    if (relative.is_absolute() || relative.lexically_normal().string().starts_with("..")) break;
    const Json pooling = read_optional(folder / relative / "config.json");
    if (!pooling.is_object()) break;
    if (pooling.value("pooling_mode_mean_tokens", false)) return 1u;
    if (pooling.value("pooling_mode_cls_token", false)) return 2u;
    return fail(ErrorKind::invalid, tr("Only encoders with mean or CLS pooling can be imported"), folder.string());
  }
  return 1u;
}

BertConfig parse(const Json& json) {
  BertConfig config;
  config.vocab_size = positive(json, "vocab_size");
  config.hidden = positive(json, "hidden_size");
  config.layers = positive(json, "num_hidden_layers");
  config.heads = positive(json, "num_attention_heads");
  config.feed_forward = positive(json, "intermediate_size");
  config.positions = positive(json, "max_position_embeddings");
  config.token_types = positive(json, "type_vocab_size");
  config.norm_epsilon = json.value("layer_norm_eps", 1e-12F);
  config.name = json.value("_name_or_path", "");
  if (config.hidden % config.heads != 0) throw std::invalid_argument("hidden_size is no multiple of the heads");
  return config;
}

}  // namespace

Result<BertConfig> read_bert_config(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  const auto bytes = disk().read(path);
  if (!bytes) return tl::unexpected(bytes.error());
  BertConfig config;
  try {
    const Json json = Json::parse(*bytes);
    if (json.value("model_type", "") != "bert") {
      return fail(ErrorKind::invalid,
                  tr("Encoders of type {} cannot be imported, only bert", json.value("model_type", "?")),
                  path.string());
    }
    if (json.value("position_embedding_type", "absolute") != "absolute")
      throw std::invalid_argument("position_embedding_type");
    if (!json.value("hidden_act", "gelu").starts_with("gelu")) throw std::invalid_argument("hidden_act");
    config = parse(json);
  } catch (const std::exception& e) {
    return fail(ErrorKind::invalid, tr("Unusable model configuration: {}", e.what()), path.string());
  }
  const auto pooling = read_pooling(folder);
  if (!pooling) return tl::unexpected(pooling.error());
  config.pooling = *pooling;
  const Json sentence = read_optional(folder / "sentence_bert_config.json");
  if (sentence.is_object() && sentence.contains("max_seq_length") && sentence["max_seq_length"].is_number_unsigned()) {
    config.max_tokens = std::min(sentence["max_seq_length"].get<std::uint32_t>(), config.positions);
  }
  return config;
}

}  // namespace twin::models
