// A BERT-type encoder from safetensors to GGUF, as llama.cpp's converter (conversion/bert.py) writes it.
#include <ggml.h>
#include <gguf.h>

#include <fstream>
#include <functional>

#include "core/i18n.h"
#include "models/registry/bert_config.h"
#include "models/registry/disk_tools.h"
#include "models/registry/registry.h"
#include "models/registry/safetensors.h"
#include "models/registry/wordpiece.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t quantization_version = 2;  // GGML_QNT_VERSION

/// One tensor to write: where it comes from and what it must look like.
struct Target {
  std::string name;                 ///< in the GGUF
  std::string source;               ///< in the safetensors file
  std::vector<std::int64_t> shape;  ///< outermost first
  bool matrix = true;               ///< matrices take the wanted type, the rest stays f32
};

std::vector<Target> layer_targets(const BertConfig& c, std::uint32_t layer) {
  const std::string to = "blk." + std::to_string(layer) + ".";
  const std::string from = "encoder.layer." + std::to_string(layer) + ".";
  const std::int64_t d = c.hidden;
  const std::int64_t f = c.feed_forward;
  std::vector<Target> targets;
  const auto dense = [&](const char* name, const char* source, std::int64_t rows, std::int64_t columns) {
    targets.push_back({to + name + ".weight", from + source + ".weight", {rows, columns}});
    targets.push_back({to + name + ".bias", from + source + ".bias", {rows}, false});
  };
  const auto norm = [&](const char* name, const char* source) {
    targets.push_back({to + name + ".weight", from + source + ".weight", {d}, false});
    targets.push_back({to + name + ".bias", from + source + ".bias", {d}, false});
  };
  dense("attn_q", "attention.self.query", d, d);
  dense("attn_k", "attention.self.key", d, d);
  dense("attn_v", "attention.self.value", d, d);
  dense("attn_output", "attention.output.dense", d, d);
  norm("attn_output_norm", "attention.output.LayerNorm");
  dense("ffn_up", "intermediate.dense", f, d);
  dense("ffn_down", "output.dense", d, f);
  norm("layer_output_norm", "output.LayerNorm");
  return targets;
}

std::vector<Target> all_targets(const BertConfig& c) {
  const std::int64_t d = c.hidden;
  // llama.cpp adds position and type rows to f32 sums, so its converter keeps both tables f32.
  std::vector<Target> targets = {
      {"token_embd.weight", "embeddings.word_embeddings.weight", {c.vocab_size, d}},
      {"position_embd.weight", "embeddings.position_embeddings.weight", {c.positions, d}, false},
      {"token_types.weight", "embeddings.token_type_embeddings.weight", {c.token_types, d}, false},
      {"token_embd_norm.weight", "embeddings.LayerNorm.weight", {d}, false},
      {"token_embd_norm.bias", "embeddings.LayerNorm.bias", {d}, false},
  };
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    for (Target& target : layer_targets(c, layer)) targets.push_back(std::move(target));
  }
  return targets;
}

/// Finds each source under its plain name, below "bert.", or with the old gamma/beta spelling; checks its shape.
Result<void> resolve(std::vector<Target>& targets, const Safetensors& weights, const fs::path& path) {
  for (Target& target : targets) {
    std::vector<std::string> names = {target.source, "bert." + target.source};
    if (target.source.find("LayerNorm") != std::string::npos) {
      const auto dot = target.source.rfind('.');
      const char* const old = target.source.ends_with(".weight") ? ".gamma" : ".beta";
      names.push_back(target.source.substr(0, dot) + old);
      names.push_back("bert." + target.source.substr(0, dot) + old);
    }
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const std::string& name) { return weights.entries().contains(name); });
    if (found == names.end()) {
      return fail(ErrorKind::invalid, tr("The weights lack tensor {}", target.source), path.string());
    }
    target.source = *found;
    if (weights.entries().at(*found).shape != target.shape) {
      return fail(ErrorKind::invalid, tr("Tensor {} has another shape than config.json says", *found), path.string());
    }
  }
  return {};
}

using Gguf = std::unique_ptr<gguf_context, decltype(&gguf_free)>;
using GgmlContext = std::unique_ptr<ggml_context, decltype(&ggml_free)>;

void set_hyperparameters(gguf_context* out, const BertConfig& c, ggml_type type) {
  gguf_set_val_str(out, "general.architecture", "bert");
  gguf_set_val_str(out, "general.type", "model");
  if (!c.name.empty()) gguf_set_val_str(out, "general.name", c.name.c_str());
  gguf_set_val_u32(out, "general.file_type", type == GGML_TYPE_F16 ? 1 : 0);
  gguf_set_val_u32(out, "general.quantization_version", quantization_version);
  gguf_set_val_u32(out, "bert.block_count", c.layers);
  gguf_set_val_u32(out, "bert.context_length", c.positions);
  gguf_set_val_u32(out, "bert.embedding_length", c.hidden);
  gguf_set_val_u32(out, "bert.feed_forward_length", c.feed_forward);
  gguf_set_val_u32(out, "bert.attention.head_count", c.heads);
  gguf_set_val_f32(out, "bert.attention.layer_norm_epsilon", c.norm_epsilon);
  gguf_set_val_bool(out, "bert.attention.causal", false);
  gguf_set_val_u32(out, "bert.pooling_type", c.pooling);
  // Not llama.cpp's: the window that sentence-transformers was trained with, shorter than the position table.
  if (c.max_tokens > 0) gguf_set_val_u32(out, "sentence_transformers.max_seq_length", c.max_tokens);
}

void set_vocabulary(gguf_context* out, const BertConfig& c, const WordPieceVocab& vocab) {
  std::vector<std::string> stored(vocab.tokens.size());
  std::vector<const char*> pointers(vocab.tokens.size());
  for (std::size_t id = 0; id < stored.size(); ++id) {
    stored[id] = vocab.stored_form(id);
    pointers[id] = stored[id].c_str();
  }
  gguf_set_val_u32(out, "tokenizer.ggml.token_type_count", c.token_types);
  gguf_set_val_str(out, "tokenizer.ggml.model", "bert");
  gguf_set_arr_str(out, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  gguf_set_arr_data(out, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, vocab.types.data(), vocab.types.size());
  const auto special = [&](const char* key, const char* name) {
    if (const auto id = vocab.special.find(name); id != vocab.special.end()) gguf_set_val_u32(out, key, id->second);
  };
  special("tokenizer.ggml.bos_token_id", "cls");
  special("tokenizer.ggml.eos_token_id", "sep");
  special("tokenizer.ggml.unknown_token_id", "unk");
  special("tokenizer.ggml.seperator_token_id", "sep");  // spelled so in the GGUF specification
  special("tokenizer.ggml.padding_token_id", "pad");
  special("tokenizer.ggml.cls_token_id", "cls");
  special("tokenizer.ggml.mask_token_id", "mask");
  gguf_set_val_bool(out, "tokenizer.ggml.normalizer.lowercase", vocab.lowercase);
  gguf_set_val_bool(out, "tokenizer.ggml.normalizer.strip_accents", vocab.strip_accents);
}

/// Declares the tensors; ggml's innermost dimension comes first.
void declare(gguf_context* out, ggml_context* context, const std::vector<Target>& targets, ggml_type type) {
  for (const Target& target : targets) {
    std::vector<std::int64_t> shape(target.shape.rbegin(), target.shape.rend());
    ggml_tensor* const tensor =
        ggml_new_tensor(context, target.matrix ? type : GGML_TYPE_F32, static_cast<int>(shape.size()), shape.data());
    ggml_set_name(tensor, target.name.c_str());
    gguf_add_tensor(out, tensor);
  }
}

std::string encode(const std::vector<float>& values, ggml_type type) {
  if (type == GGML_TYPE_F32) return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  std::string bytes(values.size() * sizeof(ggml_fp16_t), '\0');
  ggml_fp32_to_fp16_row(values.data(), reinterpret_cast<ggml_fp16_t*>(bytes.data()),
                        static_cast<std::int64_t>(values.size()));
  return bytes;
}

Result<void> write_data(const gguf_context* out, const std::vector<Target>& targets, const Safetensors& weights,
                        const fs::path& path) {
  std::string head(gguf_get_meta_size(out), '\0');
  gguf_get_meta_data(out, head.data());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(head.data(), static_cast<std::streamsize>(head.size()));
  std::uint64_t written = 0;
  for (std::size_t i = 0; i < targets.size() && file; ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const auto values = weights.read(targets[i].source);
    if (!values) return tl::unexpected(values.error());
    const std::string padding(gguf_get_tensor_offset(out, index) - written, '\0');
    const std::string bytes = encode(*values, gguf_get_tensor_type(out, index));
    file << padding << bytes;
    written += padding.size() + bytes.size();
  }
  const std::uint64_t alignment = gguf_get_alignment(out);
  file << std::string((alignment - written % alignment) % alignment, '\0');
  file.close();
  if (!file) return fail(ErrorKind::io, tr("Cannot write the model file"), path.string(), tr("Is the disk full?"));
  return {};
}

}  // namespace

Result<fs::path> import_bert(const fs::path& folder, const fs::path& gguf, WeightType weight_type) {
  const auto config = read_bert_config(folder);
  if (!config) return tl::unexpected(config.error());
  const auto vocab = read_wordpiece(folder, config->vocab_size);
  if (!vocab) return tl::unexpected(vocab.error());
  const fs::path weights_path = folder / "model.safetensors";
  const auto weights = Safetensors::open(weights_path);
  if (!weights) return tl::unexpected(weights.error());
  std::vector<Target> targets = all_targets(*config);
  if (auto found = resolve(targets, *weights, weights_path); !found) return tl::unexpected(found.error());

  const ggml_type type = weight_type == WeightType::f16 ? GGML_TYPE_F16 : GGML_TYPE_F32;
  const Gguf out(gguf_init_empty(), gguf_free);
  set_hyperparameters(out.get(), *config, type);
  set_vocabulary(out.get(), *config, *vocab);
  const GgmlContext context(
      ggml_init({.mem_size = ggml_tensor_overhead() * (targets.size() + 1), .mem_buffer = nullptr, .no_alloc = true}),
      ggml_free);
  declare(out.get(), context.get(), targets, type);

  const fs::path partial = gguf.string() + ".tmp";
  auto written = write_data(out.get(), targets, *weights, partial);
  if (written) written = move_into_place(partial, gguf);
  if (!written) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    return tl::unexpected(written.error());
  }
  return gguf;
}

}  // namespace twin::models
