#include "training/trainer/weights.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
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

/// Reads a model step by step; the first failure is thrown and turned into a Result once, in load_weights().
class Loader {
 public:
  Loader(const GgufReader& file, at::ScalarType dtype, const std::string& quantize)
      : file_(file), dtype_(dtype), quantize_(quantize) {}

  ModelShape shape() {
    check_supported();
    read_shape();
    return weights_.shape;
  }

  ModelWeights load(std::int64_t layers) {
    (void)this->shape();
    if (layers > 0) weights_.shape.layers = std::min(layers, weights_.shape.layers);
    const auto& shape = weights_.shape;
    weights_.dtype = dtype_;
    weights_.embedding = matrix("token_embd.weight", shape.vocabulary, shape.hidden);
    weights_.unembedding =
        file_.has("output.weight") ? matrix("output.weight", shape.vocabulary, shape.hidden) : weights_.embedding;
    weights_.final_norm = vector("output_norm.weight", shape.hidden);
    weights_.rope_frequency = rope_frequency(shape.rope_base) / rope_factor_;
    if (file_.has("rope_freqs.weight"))  // Llama 3 stores its frequency scaling as one divisor per pair
      weights_.rope_frequency = weights_.rope_frequency / vector("rope_freqs.weight", shape.head_dim / 2);
    if (shape.window_pattern > 0) {
      weights_.local_rope_frequency =
          rope_frequency(file_.number(key("rope.freq_base_swa")).value_or(family().local_rope_base));
    }
    for (std::int64_t i = 0; i < shape.layers; ++i) weights_.layers.push_back(layer(i));
    return std::move(weights_);
  }

 private:
  [[noreturn]] void unsupported(const std::string& what) const {
    std::string known;
    for (const auto& family : families()) known += (known.empty() ? "" : ", ") + family.members;
    throw Fatal(ErrorKind::invalid, tr("This model cannot be trained: {}", what), file_.path().string(),
                tr("Training knows GGUF models of the families {}", known));
  }

  [[nodiscard]] const Family& family() const { return weights_.shape.family; }
  [[nodiscard]] std::string key(const std::string& name) const { return family().architecture + "." + name; }

  void check_supported() {
    const auto architecture = file_.text("general.architecture").value_or("");
    const auto* known = find_family(architecture);
    if (!known) unsupported(tr("its architecture is '{}'", architecture));
    weights_.shape.family = *known;
    if (file_.integer(key("expert_count")).value_or(0) > 0) unsupported(tr("it has expert layers"));
    const auto scaling = file_.text(key("rope.scaling.type")).value_or("none");
    if (scaling == "linear") {
      rope_factor_ = file_.number(key("rope.scaling.factor")).value_or(1.0);
    } else if (scaling != "none") {
      unsupported(tr("its RoPE scaling is '{}'", scaling));
    }
    if (!family().attention_bias && file_.has("blk.0.attn_q.bias")) unsupported(tr("its attention has biases"));
    if (file_.has("blk.0.attn_output.bias")) unsupported(tr("its attention has biases"));
    if (!family().head_norms && file_.has("blk.0.attn_q_norm.weight")) unsupported(tr("its heads have norms"));
    if (file_.number(key("final_logit_softcapping")).value_or(0) > 0) unsupported(tr("its logits are capped"));
  }

  std::int64_t size(const std::string& name, std::int64_t missing = 0) const {
    const auto value = file_.integer(key(name)).value_or(missing);
    if (value <= 0 || value > (1 << 24)) unsupported(tr("its metadata has no usable {}", key(name)));
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
    shape.rope_base = file_.number(key("rope.freq_base")).value_or(10000.0);
    shape.rms_epsilon = file_.number(key("attention.layer_norm_rms_epsilon")).value_or(1e-5);
    shape.attention_scale = 1.0 / std::sqrt(static_cast<double>(shape.head_dim));
    const auto embedding = file_.shape("token_embd.weight");
    shape.vocabulary = embedding.empty() ? 0 : embedding.front();
    if (shape.heads % shape.kv_heads != 0 || shape.head_dim % 2 != 0)
      unsupported(tr("{} heads do not divide into {} key heads of even size", shape.heads, shape.kv_heads));
    if (size("rope.dimension_count", shape.head_dim) != shape.head_dim)
      unsupported(tr("only a part of each head is rotated"));
    if (size("attention.value_length", shape.head_dim) != shape.head_dim)
      unsupported(tr("key and value heads differ in size"));
    read_window();
  }

  void read_window() {
    auto& shape = weights_.shape;
    if (family().window_pattern == 0) return;
    shape.window = file_.integer(key("attention.sliding_window")).value_or(0);
    if (shape.window <= 0) return;
    shape.window_pattern = file_.integer(key("attention.sliding_window_pattern")).value_or(family().window_pattern);
  }

  void check_shape(const std::string& name, const std::vector<std::int64_t>& expected) const {
    const auto shape = file_.shape(name);
    if (shape.empty()) unsupported(tr("tensor {} is missing", name));
    if (shape != expected)
      unsupported(tr("tensor {} has the shape {}, not {}", name, fmt::format("{}", fmt::join(shape, "×")),
                     fmt::format("{}", fmt::join(expected, "×"))));
  }

  at::Tensor floats(const std::string& name, const std::vector<std::int64_t>& expected) const {
    check_shape(name, expected);
    auto values = value_or_throw(file_.read(name));
    return at::from_blob(values.data(), expected, at::kFloat).clone();
  }
  at::Tensor vector(const std::string& name, std::int64_t n) const { return floats(name, {n}); }
  at::Tensor matrix(const std::string& name, std::int64_t rows, std::int64_t columns) const {
    return floats(name, {rows, columns}).to(dtype_);
  }
  FrozenMatrix linear(std::int64_t layer, const std::string& module) const {
    const auto shape = weights_.shape.module(module);
    const auto name = fmt::format("blk.{}.{}.weight", layer, gguf_name(module));
    if (quantize_ == "false") return FrozenMatrix::of(matrix(name, shape.outputs, shape.inputs));
    check_shape(name, {shape.outputs, shape.inputs});
    if (quantize_ != "true")
      return value_or_throw(quantize(value_or_throw(file_.read(name)), shape.outputs, shape.inputs, quantize_));
    auto kept = value_or_throw(file_.read_matrix(name));
    if (kept.dense.defined()) kept.dense = kept.dense.to(dtype_);
    return kept;
  }
  FrozenMatrix heads_of(FrozenMatrix rows, std::int64_t heads) const {
    if (!family().interleaved_heads) return rows;
    const auto order = deinterleave_heads(at::arange(rows.rows(), at::kLong).unsqueeze(1), heads).squeeze(1);
    return rows.reordered(order);
  }
  at::Tensor bias(std::int64_t layer, const std::string& module) const {
    const auto shape = weights_.shape.module(module);
    return vector(fmt::format("blk.{}.{}.bias", layer, gguf_name(module)), shape.outputs).to(dtype_);
  }

  at::Tensor rope_frequency(double base) const {
    const auto head_dim = weights_.shape.head_dim;
    const auto exponent = at::arange(0, head_dim, 2, at::kDouble) / static_cast<double>(head_dim);
    return at::pow(base, -exponent).to(at::kFloat);
  }

  LayerWeights layer(std::int64_t i) const {
    const auto& shape = weights_.shape;
    const auto norm = [&](const char* name, std::int64_t n) {
      return vector(fmt::format("blk.{}.{}.weight", i, name), n);
    };
    LayerWeights layer;
    layer.attention_norm = norm("attn_norm", shape.hidden);
    layer.ffn_norm = norm("ffn_norm", shape.hidden);
    if (family().post_norms) {
      layer.attention_post_norm = norm("post_attention_norm", shape.hidden);
      layer.ffn_post_norm = norm("post_ffw_norm", shape.hidden);
    }
    if (family().head_norms) {
      layer.query_norm = norm("attn_q_norm", shape.head_dim);
      layer.key_norm = norm("attn_k_norm", shape.head_dim);
    }
    layer.query = heads_of(linear(i, "q_proj"), shape.heads);
    layer.key = heads_of(linear(i, "k_proj"), shape.kv_heads);
    layer.value = linear(i, "v_proj");
    if (family().attention_bias) {
      layer.query_bias = bias(i, "q_proj");
      layer.key_bias = bias(i, "k_proj");
      layer.value_bias = bias(i, "v_proj");
    }
    layer.output = linear(i, "o_proj");
    layer.gate = linear(i, "gate_proj");
    layer.up = linear(i, "up_proj");
    layer.down = linear(i, "down_proj");
    return layer;
  }

  const GgufReader& file_;
  at::ScalarType dtype_;
  const std::string& quantize_;
  double rope_factor_ = 1;
  ModelWeights weights_;
};

}  // namespace

const std::vector<std::string>& ModelShape::modules() {
  static const std::vector<std::string> names = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                 "gate_proj", "up_proj", "down_proj"};
  return names;
}

ModuleShape ModelShape::module(const std::string& name) const {
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

Result<ModelShape> load_shape(const GgufReader& file) {
  try {
    return Loader(file, at::kFloat, "false").shape();
  } catch (const Fatal& fatal) {
    return tl::unexpected<Error>(fatal.error());
  }
}

Result<ModelWeights> load_weights(const GgufReader& file, at::ScalarType dtype, const std::string& quantize,
                                  std::int64_t layers) {
  try {
    return Loader(file, dtype, quantize).load(layers);
  } catch (const Fatal& fatal) {
    return tl::unexpected<Error>(fatal.error());
  }
}

}  // namespace twin::training
