#include "models/registry/bert_gguf.h"

#include "models/registry/gguf_output.h"

namespace twin::models {
namespace {

constexpr std::uint32_t quantization_version = 2;  // GGML_QNT_VERSION

}  // namespace

std::string BertTensor::name() const {
  const std::string block = layer < 0 ? std::string() : "blk." + std::to_string(layer) + ".";
  return block + part + (bias ? ".bias" : ".weight");
}

std::vector<BertTensor> bert_tensors(const BertConfig& c) {
  const std::int64_t d = c.hidden;
  const std::int64_t f = c.feed_forward;
  std::vector<BertTensor> all;
  int layer = -1;
  const auto table = [&](const char* part, std::int64_t rows, bool matrix) {
    all.push_back({part, layer, false, {d, rows}, matrix, {}});
  };
  const auto dense = [&](const char* part, std::int64_t in, std::int64_t out) {
    all.push_back({part, layer, false, {in, out}, true, {}});
    all.push_back({part, layer, true, {out}, false, {}});
  };
  const auto norm = [&](const char* part) {
    all.push_back({part, layer, false, {d}, false, {}});
    all.push_back({part, layer, true, {d}, false, {}});
  };
  // llama.cpp adds position and type rows to f32 sums, so its converter keeps both tables f32.
  table("token_embd", c.vocab_size, true);
  table("position_embd", c.positions, false);
  table("token_types", c.token_types, false);
  norm("token_embd_norm");
  for (layer = 0; layer < static_cast<int>(c.layers); ++layer) {
    dense("attn_q", d, d);
    dense("attn_k", d, d);
    dense("attn_v", d, d);
    dense("attn_output", d, d);
    norm("attn_output_norm");
    dense("ffn_up", d, f);
    dense("ffn_down", f, d);
    norm("layer_output_norm");
  }
  return all;
}

void set_bert_hyperparameters(gguf_context* out, const BertConfig& c, std::uint32_t file_type) {
  gguf_set_val_str(out, "general.architecture", "bert");
  gguf_set_val_str(out, "general.type", "model");
  if (!c.name.empty()) gguf_set_val_str(out, "general.name", c.name.c_str());
  if (!c.license.empty()) gguf_set_val_str(out, "general.license", c.license.c_str());
  gguf_set_val_u32(out, "general.file_type", file_type);
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

Result<void> write_bert_gguf(gguf_context* out, const std::vector<BertTensor>& tensors, ggml_type matrix,
                             const std::function<Result<std::string>(const BertTensor&)>& data,
                             const std::filesystem::path& path) {
  std::vector<GgufPlace> places;
  places.reserve(tensors.size());
  for (const BertTensor& tensor : tensors)
    places.push_back({tensor.name(), tensor.shape, tensor.matrix ? matrix : GGML_TYPE_F32});
  return write_gguf_file(
      out, places, [&](std::size_t i) { return data(tensors[i]); }, path);
}

}  // namespace twin::models
