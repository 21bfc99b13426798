#include "training/trainer/llama.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "training/trainer/kernels.h"

namespace twin::training {
namespace {

/// The heads of one kind in rows [from, from + length) as [kv_heads, group, length, head_dim], without copying: query
/// heads of one key head form a group; for keys and values the group is 1 and may be expanded.
at::Tensor heads_view(const at::Tensor& rows, std::int64_t from, std::int64_t length, std::int64_t first_head,
                      std::int64_t kv_heads, std::int64_t group, std::int64_t head_dim) {
  const auto stride = rows.stride(0);
  return rows.as_strided({kv_heads, group, length, head_dim}, {group * head_dim, head_dim, stride, 1},
                         rows.storage_offset() + from * stride + first_head * head_dim);
}

struct Heads {
  at::Tensor query, key, value;
};

Heads split_heads(const at::Tensor& qkv, std::int64_t from, std::int64_t length, const LlamaShape& shape) {
  const auto kv = shape.kv_heads;
  const auto group = shape.heads / kv;
  const auto d = shape.head_dim;
  return {heads_view(qkv, from, length, 0, kv, group, d), heads_view(qkv, from, length, shape.heads, kv, 1, d),
          heads_view(qkv, from, length, shape.heads + kv, kv, 1, d)};
}

std::uint64_t mix(std::uint64_t h, std::uint64_t value) {
  h ^= value + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
  return h * 0xbf58476d1ce4e5b9ull;
}

}  // namespace

Llama::Llama(LlamaWeights weights, const Adapter* adapter) : weights_(std::move(weights)) {
  const double scale = adapter ? adapter->scale() : 1.0;
  dropout_ = adapter ? adapter->config().dropout : 0.0;
  std::int64_t index = 0;
  for (auto& layer : weights_.layers) {
    const auto part = [&](const at::Tensor& weight, const char* module) {
      return AdaptedLinear::Part{weight, adapter ? adapter->find(index, module) : nullptr};
    };
    layers_.push_back(
        {layer.attention_norm, layer.ffn_norm,
         AdaptedLinear({part(layer.query, "q_proj"), part(layer.key, "k_proj"), part(layer.value, "v_proj")}, scale),
         AdaptedLinear({part(layer.output, "o_proj")}, scale),
         AdaptedLinear({part(layer.gate, "gate_proj"), part(layer.up, "up_proj")}, scale),
         AdaptedLinear({part(layer.down, "down_proj")}, scale)});
    layer = {};  // the copies inside AdaptedLinear are the ones used
    ++index;
  }
}

void Llama::refresh() {
  for (auto& layer : layers_) {
    layer.qkv.refresh();
    layer.output.refresh();
    layer.gate_up.refresh();
    layer.down.refresh();
  }
}

at::Tensor Llama::embed(const PackedBatch& batch) const {
  const auto ids = at::from_blob(const_cast<std::int64_t*>(batch.tokens.data()),
                                 {static_cast<std::int64_t>(batch.tokens.size())}, at::kLong);
  return weights_.embedding.index_select(0, ids).to(at::kFloat);
}

void Llama::rope_tables(const std::vector<std::int64_t>& lengths, at::Tensor& cosine, at::Tensor& sine) const {
  std::vector<at::Tensor> positions;
  for (const auto length : lengths) positions.push_back(at::arange(length, at::kFloat));
  const auto angles = at::cat(positions).unsqueeze(1) * weights_.rope_frequency.unsqueeze(0);
  cosine = angles.cos();
  sine = angles.sin();
}

at::Tensor Llama::dropout_mask(const AdaptedLinear& linear, std::int64_t tokens, const DropoutKey* key,
                               std::size_t layer, int site) const {
  if (!key || dropout_ <= 0) return {};
  auto seed = mix(mix(mix(mix(key->seed, key->step), key->micro), layer), static_cast<std::uint64_t>(site));
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto rows = linear.make_rows(tokens);
  auto mask = at::empty_like(linear.inputs(rows), at::MemoryFormat::Contiguous);
  return mask.bernoulli_(1.0 - dropout_, generator).div_(1.0 - dropout_);
}

void Llama::attention(const at::Tensor& qkv, const std::vector<std::int64_t>& lengths, at::Tensor out,
                      std::vector<at::Tensor>& logsumexps) const {
  const auto& shape = weights_.shape;
  const auto group = shape.heads / shape.kv_heads;
  std::int64_t from = 0;
  for (const auto length : lengths) {
    const auto heads = split_heads(qkv, from, length, shape);
    auto [result, logsumexp] = at::_scaled_dot_product_flash_attention_for_cpu(
        heads.query, heads.key.expand_as(heads.query), heads.value.expand_as(heads.query), 0.0, /*is_causal=*/true);
    heads_view(out, from, length, 0, shape.kv_heads, group, shape.head_dim).copy_(result);
    logsumexps.push_back(logsumexp);
    from += length;
  }
}

at::Tensor Llama::attention_backward(const at::Tensor& dout, const at::Tensor& qkv, const at::Tensor& out,
                                     const std::vector<at::Tensor>& logsumexps,
                                     const std::vector<std::int64_t>& lengths) const {
  const auto& shape = weights_.shape;
  const auto group = shape.heads / shape.kv_heads;
  auto dqkv = at::empty_like(qkv);
  std::int64_t from = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto heads = split_heads(qkv, from, lengths[i], shape);
    const auto view = [&](const at::Tensor& rows) {
      return heads_view(rows, from, lengths[i], 0, shape.kv_heads, group, shape.head_dim);
    };
    const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        view(dout), heads.query, heads.key.expand_as(heads.query), heads.value.expand_as(heads.query), view(out),
        logsumexps[i], 0.0, /*is_causal=*/true);
    auto gradient = split_heads(dqkv, from, lengths[i], shape);
    gradient.query.copy_(dq);
    gradient.key.copy_(dk.sum(1, /*keepdim=*/true));
    gradient.value.copy_(dv.sum(1, /*keepdim=*/true));
    from += lengths[i];
  }
  return dqkv;
}

void Llama::layer_forward(std::size_t index, at::Tensor& x, const Tape& tables, LayerTape& tape,
                          const DropoutKey* dropout) const {
  const auto& layer = layers_[index];
  const auto& shape = weights_.shape;
  const auto tokens = x.size(0);

  tape.x_attention = x;
  tape.scale_attention = at::empty({tokens}, at::kFloat);
  tape.rows_attention = layer.qkv.make_rows(tokens);
  tape.mask_attention = dropout_mask(layer.qkv, tokens, dropout, index, 0);
  kernels::rms_norm(x, layer.attention_norm, shape.rms_epsilon, layer.qkv.inputs(tape.rows_attention),
                    tape.scale_attention);
  tape.qkv = layer.qkv.forward(tape.rows_attention, tape.mask_attention);
  kernels::rope(tape.qkv, tables.cosine, tables.sine, shape.heads + shape.kv_heads, /*backward=*/false);
  tape.rows_output = layer.output.make_rows(tokens);
  attention(tape.qkv, tables.lengths, layer.output.inputs(tape.rows_output), tape.logsumexps);
  tape.mask_output = dropout_mask(layer.output, tokens, dropout, index, 1);
  x = x.clone();
  kernels::add(layer.output.forward(tape.rows_output, tape.mask_output), x);

  tape.x_ffn = x;
  tape.scale_ffn = at::empty({tokens}, at::kFloat);
  tape.rows_gate_up = layer.gate_up.make_rows(tokens);
  tape.mask_gate_up = dropout_mask(layer.gate_up, tokens, dropout, index, 2);
  kernels::rms_norm(x, layer.ffn_norm, shape.rms_epsilon, layer.gate_up.inputs(tape.rows_gate_up), tape.scale_ffn);
  tape.gate_up = layer.gate_up.forward(tape.rows_gate_up, tape.mask_gate_up);
  tape.rows_down = layer.down.make_rows(tokens);
  kernels::swiglu(tape.gate_up, layer.down.inputs(tape.rows_down));
  tape.mask_down = dropout_mask(layer.down, tokens, dropout, index, 3);
  x = x.clone();
  kernels::add(layer.down.forward(tape.rows_down, tape.mask_down), x);
}

void Llama::layer_backward(std::size_t index, at::Tensor& dx, const Tape& tables, const LayerTape& tape) const {
  const auto& layer = layers_[index];
  const auto& shape = weights_.shape;

  auto dy = dx.to(weights_.dtype);
  const auto dh = layer.down.backward(tape.rows_down, dy, tape.mask_down, true);
  auto dgate_up = at::empty_like(tape.gate_up);
  kernels::swiglu_backward(tape.gate_up, dh, dgate_up);
  const auto dffn = layer.gate_up.backward(tape.rows_gate_up, dgate_up, tape.mask_gate_up, true);
  kernels::rms_norm_backward(tape.x_ffn, layer.ffn_norm, tape.scale_ffn, dffn, dx);

  dy = dx.to(weights_.dtype);
  const auto dout = layer.output.backward(tape.rows_output, dy, tape.mask_output, true);
  auto dqkv =
      attention_backward(dout, tape.qkv, layer.output.inputs(tape.rows_output), tape.logsumexps, tables.lengths);
  kernels::rope(dqkv, tables.cosine, tables.sine, shape.heads + shape.kv_heads, /*backward=*/true);
  const bool needs_input = index > 0;  // embeddings are frozen
  const auto dnorm = layer.qkv.backward(tape.rows_attention, dqkv, tape.mask_attention, needs_input);
  if (needs_input) kernels::rms_norm_backward(tape.x_attention, layer.attention_norm, tape.scale_attention, dnorm, dx);
}

at::Tensor Llama::forward(const PackedBatch& batch, Tape* tape, const DropoutKey* dropout) const {
  Tape scratch;
  Tape& tables = tape ? *tape : scratch;
  tables.lengths = batch.lengths;
  tables.layers.clear();
  rope_tables(batch.lengths, tables.cosine, tables.sine);
  auto x = embed(batch);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerTape layer;
    layer_forward(i, x, tables, layer, dropout);
    if (tape) tape->layers.push_back(std::move(layer));
  }
  return x;
}

void Llama::backward(const Tape& tape, at::Tensor dhidden) const {
  for (std::size_t i = layers_.size(); i-- > 0;) layer_backward(i, dhidden, tape, tape.layers[i]);
}

double Llama::loss(const at::Tensor& hidden, const PackedBatch& batch, double scale, at::Tensor* dhidden,
                   std::vector<double>* nll) const {
  const auto count = static_cast<std::int64_t>(batch.loss_rows.size());
  std::vector<double> values(batch.loss_rows.size());
  if (dhidden) *dhidden = at::zeros_like(hidden);
  for (std::int64_t from = 0; from < count; from += loss_slice) {
    const auto size = std::min(loss_slice, count - from);
    const auto rows = at::from_blob(const_cast<std::int64_t*>(batch.loss_rows.data()) + from, {size}, at::kLong);
    const auto x = hidden.index_select(0, rows);
    auto norm_scale = at::empty({size}, at::kFloat);
    // Always full slices: rows beyond `size` are zero and stay so (see row_multiple in batches.h).
    const auto y = at::zeros({loss_slice, hidden.size(1)}, weights_.embedding.options());
    kernels::rms_norm(x, weights_.final_norm, weights_.shape.rms_epsilon, y.narrow(0, 0, size), norm_scale);
    const auto logits = at::mm(y, weights_.unembedding.t());
    kernels::cross_entropy(logits.narrow(0, 0, size), batch.loss_targets.data() + from,
                           dhidden ? static_cast<float>(scale) : 0.0f, values.data() + from);
    if (!dhidden) continue;
    const auto dy = at::mm(logits, weights_.unembedding).narrow(0, 0, size);
    auto dx = at::zeros_like(x);
    kernels::rms_norm_backward(x, weights_.final_norm, norm_scale, dy, dx);
    dhidden->index_copy_(0, rows, dx);
  }
  double sum = 0;
  for (const double value : values) sum += value;
  if (nll) *nll = std::move(values);
  return sum;
}

at::Tensor Llama::logits(const at::Tensor& hidden) const {
  auto scale = at::empty({hidden.size(0)}, at::kFloat);
  const auto y = at::empty(hidden.sizes(), weights_.embedding.options());
  kernels::rms_norm(hidden, weights_.final_norm, weights_.shape.rms_epsilon, y, scale);
  return at::mm(y, weights_.unembedding.t()).to(at::kFloat);
}

std::int64_t Llama::first_bad_layer(const PackedBatch& batch) const {
  Tape tables;
  tables.lengths = batch.lengths;
  rope_tables(batch.lengths, tables.cosine, tables.sine);
  auto x = embed(batch);
  if (!at::isfinite(x).all().item<bool>()) return -2;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerTape layer;
    layer_forward(i, x, tables, layer, nullptr);
    if (!at::isfinite(x).all().item<bool>()) return static_cast<std::int64_t>(i);
  }
  return -1;
}

}  // namespace twin::training
