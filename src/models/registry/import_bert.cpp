// A BERT-type encoder from safetensors to GGUF, as llama.cpp's converter (conversion/bert.py) writes it.
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <map>
#include <memory>

#include "core/i18n.h"
#include "models/registry/bert_config.h"
#include "models/registry/bert_gguf.h"
#include "models/registry/disk_tools.h"
#include "models/registry/registry.h"
#include "models/registry/safetensors.h"
#include "models/registry/wordpiece.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

/// What the safetensors file calls a tensor.
std::string safetensors_name(const BertTensor& tensor) {
  static const std::map<std::string, std::string> parts = {
      {"token_embd", "embeddings.word_embeddings"},
      {"position_embd", "embeddings.position_embeddings"},
      {"token_types", "embeddings.token_type_embeddings"},
      {"token_embd_norm", "embeddings.LayerNorm"},
      {"attn_q", "attention.self.query"},
      {"attn_k", "attention.self.key"},
      {"attn_v", "attention.self.value"},
      {"attn_output", "attention.output.dense"},
      {"attn_output_norm", "attention.output.LayerNorm"},
      {"ffn_up", "intermediate.dense"},
      {"ffn_down", "output.dense"},
      {"layer_output_norm", "output.LayerNorm"},
  };
  const std::string layer = tensor.layer < 0 ? std::string() : "encoder.layer." + std::to_string(tensor.layer) + ".";
  return layer + parts.at(tensor.part) + (tensor.bias ? ".bias" : ".weight");
}

/// Finds each source under its plain name, below "bert.", or with the old gamma/beta spelling; checks its shape.
Result<void> resolve(std::vector<BertTensor>& tensors, const Safetensors& weights, const fs::path& path) {
  for (BertTensor& tensor : tensors) {
    tensor.source = safetensors_name(tensor);
    std::vector<std::string> names = {tensor.source, "bert." + tensor.source};
    if (tensor.source.find("LayerNorm") != std::string::npos) {
      const auto dot = tensor.source.rfind('.');
      const char* const old = tensor.source.ends_with(".weight") ? ".gamma" : ".beta";
      names.push_back(tensor.source.substr(0, dot) + old);
      names.push_back("bert." + tensor.source.substr(0, dot) + old);
    }
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const std::string& name) { return weights.entries().contains(name); });
    if (found == names.end()) {
      return fail(ErrorKind::invalid, tr("The weights lack tensor {}", tensor.source), path.string());
    }
    tensor.source = *found;
    if (weights.entries().at(*found).shape != std::vector(tensor.shape.rbegin(), tensor.shape.rend())) {
      return fail(ErrorKind::invalid, tr("Tensor {} has another shape than config.json says", *found), path.string());
    }
  }
  return {};
}

using Gguf = std::unique_ptr<gguf_context, decltype(&gguf_free)>;

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

std::string encode(const std::vector<float>& values, ggml_type type) {
  if (type == GGML_TYPE_F32) return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  std::string bytes(values.size() * sizeof(ggml_fp16_t), '\0');
  ggml_fp32_to_fp16_row(values.data(), reinterpret_cast<ggml_fp16_t*>(bytes.data()),
                        static_cast<std::int64_t>(values.size()));
  return bytes;
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
  std::vector<BertTensor> tensors = bert_tensors(*config);
  if (auto found = resolve(tensors, *weights, weights_path); !found) return tl::unexpected(found.error());

  const bool half = weight_type == WeightType::f16;
  const ggml_type type = half ? GGML_TYPE_F16 : GGML_TYPE_F32;
  const Gguf out(gguf_init_empty(), gguf_free);
  set_bert_hyperparameters(out.get(), *config, half ? 1 : 0);
  set_vocabulary(out.get(), *config, *vocab);

  const fs::path partial = gguf.string() + ".tmp";
  auto written = write_bert_gguf(
      out.get(), tensors, type,
      [&](const BertTensor& tensor) -> Result<std::string> {
        const auto values = weights->read(tensor.source);
        if (!values) return tl::unexpected(values.error());
        return encode(*values, tensor.matrix ? type : GGML_TYPE_F32);
      },
      partial);
  if (written) written = move_into_place(partial, gguf);
  if (!written) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    return tl::unexpected(written.error());
  }
  return gguf;
}

}  // namespace twin::models
