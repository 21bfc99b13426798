#include "training/trainer/llama_weights.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include <map>

#include "core/i18n.h"

namespace twin::training {
namespace {

const std::map<std::string, std::string>& gguf_names() {
  static const std::map<std::string, std::string> names = {
      {"q_proj", "attn_q"},      {"k_proj", "attn_k"},  {"v_proj", "attn_v"},      {"o_proj", "attn_output"},
      {"gate_proj", "ffn_gate"}, {"up_proj", "ffn_up"}, {"down_proj", "ffn_down"},
  };
  return names;
}

/// Reads a model step by step; the first failure is thrown and turned into a Result once, in load_llama().
class Loader {
 public:
  Loader(const GgufReader& file, at::ScalarType dtype) : file_(file), dtype_(dtype) {}

  LlamaWeights load() {
    check_supported();
    read_shape();
    const auto& shape = weights_.shape;
    weights_.dtype = dtype_;
    weights_.embedding = matrix("token_embd.weight", shape.vocabulary, shape.hidden);
    weights_.unembedding =
        file_.has("output.weight") ? matrix("output.weight", shape.vocabulary, shape.hidden) : weights_.embedding;
    weights_.final_norm = vector("output_norm.weight", shape.hidden);
    weights_.rope_frequency = rope_frequency();
    for (std::int64_t i = 0; i < shape.layers; ++i) weights_.layers.push_back(layer(i));
    return std::move(weights_);
  }

 private:
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Fatal(ErrorKind::invalid, tr("This model cannot be trained: {}", what), file_.path().string(),
                tr("training knows the Llama family (Llama, SmolLM2, TinyLlama, Mistral in GGUF)"));
  }

  void check_supported() const {
    const auto architecture = file_.text("general.architecture").value_or("");
    if (architecture != "llama") unsupported(tr("its architecture is '{}'", architecture));
    if (file_.integer("llama.expert_count").value_or(0) > 0) unsupported(tr("it has expert layers"));
    const auto scaling = file_.text("llama.rope.scaling.type").value_or("none");
    if (scaling != "none") unsupported(tr("its RoPE scaling is '{}'", scaling));
    for (const char* bias : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
      if (file_.has(std::string("blk.0.") + bias + ".bias")) unsupported(tr("its attention has biases"));
    }
  }

  std::int64_t size(const std::string& key, std::int64_t missing = 0) const {
    const auto value = file_.integer("llama." + key).value_or(missing);
    if (value <= 0 || value > (1 << 24)) unsupported(tr("its metadata has no usable llama.{}", key));
    return value;
  }

  void read_shape() {
    auto& shape = weights_.shape;
    shape.layers = size("block_count");
    shape.hidden = size("embedding_length");
    shape.feed_forward = size("feed_forward_length");
    shape.heads = size("attention.head_count");
    shape.kv_heads = size("attention.head_count_kv", shape.heads);
    shape.head_dim = size("attention.key_length", shape.hidden / shape.heads);
    shape.context = size("context_length");
    shape.rope_base = file_.number("llama.rope.freq_base").value_or(10000.0);
    shape.rms_epsilon = file_.number("llama.attention.layer_norm_rms_epsilon").value_or(1e-5);
    const auto embedding = file_.shape("token_embd.weight");
    shape.vocabulary = embedding.empty() ? 0 : embedding.front();
    if (shape.heads % shape.kv_heads != 0 || shape.head_dim % 2 != 0)
      unsupported(tr("{} heads do not divide into {} key heads of even size", shape.heads, shape.kv_heads));
    if (size("rope.dimension_count", shape.head_dim) != shape.head_dim)
      unsupported(tr("only a part of each head is rotated"));
    if (size("attention.value_length", shape.head_dim) != shape.head_dim)
      unsupported(tr("key and value heads differ in size"));
  }

  at::Tensor floats(const std::string& name, const std::vector<std::int64_t>& expected) const {
    const auto shape = file_.shape(name);
    if (shape.empty()) unsupported(tr("tensor {} is missing", name));
    if (shape != expected)
      unsupported(tr("tensor {} has the shape {}, not {}", name, fmt::format("{}", fmt::join(shape, "×")),
                     fmt::format("{}", fmt::join(expected, "×"))));
    auto values = value_or_throw(file_.read(name));
    return at::from_blob(values.data(), expected, at::kFloat).clone();
  }
  at::Tensor vector(const std::string& name, std::int64_t n) const { return floats(name, {n}); }
  at::Tensor matrix(const std::string& name, std::int64_t rows, std::int64_t columns) const {
    return floats(name, {rows, columns}).to(dtype_);
  }
  at::Tensor linear(std::int64_t layer, const std::string& module) const {
    const auto shape = weights_.shape.module(module);
    return matrix(fmt::format("blk.{}.{}.weight", layer, gguf_name(module)), shape.outputs, shape.inputs);
  }

  at::Tensor rope_frequency() const {
    const auto& shape = weights_.shape;
    const auto exponent = at::arange(0, shape.head_dim, 2, at::kDouble) / static_cast<double>(shape.head_dim);
    auto frequency = at::pow(shape.rope_base, -exponent);
    // Llama 3 stores its frequency scaling as one divisor per pair.
    if (file_.has("rope_freqs.weight")) frequency = frequency / vector("rope_freqs.weight", shape.head_dim / 2);
    return frequency.to(at::kFloat);
  }

  LlamaLayer layer(std::int64_t i) const {
    const auto& shape = weights_.shape;
    LlamaLayer layer;
    layer.attention_norm = vector(fmt::format("blk.{}.attn_norm.weight", i), shape.hidden);
    layer.ffn_norm = vector(fmt::format("blk.{}.ffn_norm.weight", i), shape.hidden);
    layer.query = deinterleave_heads(linear(i, "q_proj"), shape.heads);
    layer.key = deinterleave_heads(linear(i, "k_proj"), shape.kv_heads);
    layer.value = linear(i, "v_proj");
    layer.output = linear(i, "o_proj");
    layer.gate = linear(i, "gate_proj");
    layer.up = linear(i, "up_proj");
    layer.down = linear(i, "down_proj");
    return layer;
  }

  const GgufReader& file_;
  at::ScalarType dtype_;
  LlamaWeights weights_;
};

}  // namespace

const std::vector<std::string>& LlamaShape::modules() {
  static const std::vector<std::string> names = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                 "gate_proj", "up_proj", "down_proj"};
  return names;
}

ModuleShape LlamaShape::module(const std::string& name) const {
  const std::int64_t query = heads * head_dim;
  const std::int64_t key = kv_heads * head_dim;
  if (name == "q_proj") return {hidden, query};
  if (name == "k_proj" || name == "v_proj") return {hidden, key};
  if (name == "o_proj") return {query, hidden};
  if (name == "gate_proj" || name == "up_proj") return {hidden, feed_forward};
  if (name == "down_proj") return {feed_forward, hidden};
  return {};
}

std::string gguf_name(const std::string& module) {
  const auto found = gguf_names().find(module);
  return found == gguf_names().end() ? std::string() : found->second;
}

at::Tensor interleave_heads(const at::Tensor& rows, std::int64_t heads) {
  const std::int64_t half = rows.size(0) / heads / 2;
  return rows.reshape({heads, 2, half, -1}).transpose(1, 2).reshape(rows.sizes()).contiguous();
}

at::Tensor deinterleave_heads(const at::Tensor& rows, std::int64_t heads) {
  const std::int64_t half = rows.size(0) / heads / 2;
  return rows.reshape({heads, half, 2, -1}).transpose(1, 2).reshape(rows.sizes()).contiguous();
}

Result<LlamaWeights> load_llama(const GgufReader& file, at::ScalarType dtype) {
  try {
    return Loader(file, dtype).load();
  } catch (const Fatal& fatal) {
    return tl::unexpected<Error>(fatal.error());
  }
}

}  // namespace twin::training
