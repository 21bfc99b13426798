#include "training/trainer/transformer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "training/trainer/attention.h"
#include "training/trainer/kernels.h"

namespace twin::training {
namespace {

std::uint64_t mix(std::uint64_t h, std::uint64_t value) {
  h ^= value + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
  return h * 0xbf58476d1ce4e5b9ull;
}

Transformer::RopeTables rope_tables(const at::Tensor& positions, const at::Tensor& frequency) {
  const auto angles = positions.unsqueeze(1) * frequency.unsqueeze(0);
  return {angles.cos(), angles.sin()};
}

/// Adds a block's output `y` to the residual stream `x`, through its norm where the family has one (Gemma); keeps what
/// the way back needs of it. `norm` is undefined in the other families.
void post_norm_forward(const at::Tensor& y, const at::Tensor& norm, double epsilon, at::Tensor& x, at::Tensor& kept_y,
                       at::Tensor& kept_scale) {
  if (!norm.defined()) return kernels::add(y, x);
  kept_y = y;
  kept_scale = at::empty({y.size(0)}, at::kFloat);
  kernels::add_norm(y, norm, epsilon, x, kept_scale);
}

/// Gradient of a block's output before it was added to the residual stream: through its norm.
at::Tensor post_norm_backward(const at::Tensor& y, const at::Tensor& norm, const at::Tensor& scale,
                              const at::Tensor& dx, at::ScalarType dtype) {
  if (!norm.defined()) return dx.to(dtype);
  auto dy = at::empty_like(y);
  kernels::add_norm_backward(y, norm, scale, dx, dy);
  return dy;
}

}  // namespace

Transformer::Transformer(ModelWeights weights, const Adapter* adapter, TransformerOptions options)
    : weights_(std::move(weights)), options_(options) {
  const double scale = adapter ? adapter->scale() : 1.0;
  dropout_ = adapter ? adapter->config().dropout : 0.0;
  const auto dtype = weights_.dtype;
  std::int64_t index = 0;
  for (auto& layer : weights_.layers) {
    const auto part = [&](const FrozenMatrix& weight, const char* module, const at::Tensor& bias = {}) {
      return AdaptedLinear::Part{weight, adapter ? adapter->find(index, module) : nullptr, bias};
    };
    layers_.push_back(
        {layer.attention_norm, layer.ffn_norm, layer.attention_post_norm, layer.ffn_post_norm, layer.query_norm,
         layer.key_norm,
         AdaptedLinear({part(layer.query, "q_proj", layer.query_bias), part(layer.key, "k_proj", layer.key_bias),
                        part(layer.value, "v_proj", layer.value_bias)},
                       scale, dtype),
         AdaptedLinear({part(layer.output, "o_proj")}, scale, dtype),
         AdaptedLinear({part(layer.gate, "gate_proj"), part(layer.up, "up_proj")}, scale, dtype),
         AdaptedLinear({part(layer.down, "down_proj")}, scale, dtype)});
    layer = {};  // the copies inside AdaptedLinear are the ones used
    ++index;
  }
}

void Transformer::refresh() {
  for (auto& layer : layers_) {
    layer.qkv.refresh();
    layer.output.refresh();
    layer.gate_up.refresh();
    layer.down.refresh();
  }
}

at::Tensor Transformer::embed(const std::vector<std::int64_t>& tokens) const {
  const auto ids =
      at::from_blob(const_cast<std::int64_t*>(tokens.data()), {static_cast<std::int64_t>(tokens.size())}, at::kLong);
  auto x = weights_.embedding.index_select(0, ids).to(at::kFloat);
  if (shape().family.scaled_embedding) x.mul_(std::sqrt(static_cast<double>(shape().hidden)));
  return x;
}

void Transformer::add_noise(const std::vector<std::int64_t>& lengths, const DropoutKey& key, at::Tensor& x) const {
  const auto seed = mix(mix(mix(mix(key.seed, key.step), key.micro), 0x4e4f495345ull), 0);
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  auto noise = at::empty_like(x).uniform_(-1.0, 1.0, generator);
  std::int64_t from = 0;
  for (const auto length : lengths) {
    noise.narrow(0, from, length).mul_(options_.neftune / std::sqrt(static_cast<double>(length * x.size(1))));
    from += length;
  }
  x.add_(noise);
}

Transformer::Tape Transformer::tables_at(const at::Tensor& positions) const {
  Tape tape;
  tape.rope = rope_tables(positions, weights_.rope_frequency);
  if (weights_.local_rope_frequency.defined()) tape.local_rope = rope_tables(positions, weights_.local_rope_frequency);
  return tape;
}

Transformer::Tape Transformer::start_tape(const std::vector<std::int64_t>& lengths) const {
  std::vector<at::Tensor> positions;
  positions.reserve(lengths.size());
  for (const auto length : lengths) positions.push_back(at::arange(length, at::kFloat));
  Tape tape = tables_at(at::cat(positions));
  tape.lengths = lengths;
  return tape;
}

const Transformer::RopeTables& Transformer::rope_of(std::size_t layer, const Tape& tables) const {
  return shape().is_global(static_cast<std::int64_t>(layer)) ? tables.rope : tables.local_rope;
}

at::Tensor Transformer::dropout_mask(const AdaptedLinear& linear, std::int64_t tokens, const DropoutKey* key,
                                     std::size_t layer, int site) const {
  if (!key || dropout_ <= 0) return {};
  auto seed = mix(mix(mix(mix(key->seed, key->step), key->micro), layer), static_cast<std::uint64_t>(site));
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto rows = linear.make_rows(tokens);
  auto mask = at::empty_like(linear.inputs(rows), at::MemoryFormat::Contiguous);
  return mask.bernoulli_(1.0 - dropout_, generator).div_(1.0 - dropout_);
}

void Transformer::attention_forward(std::size_t index, at::Tensor& x, const Tape& tables, LayerTape& tape,
                                    const DropoutKey* dropout, std::span<Past> pasts) const {
  const auto& layer = layers_[index];
  const auto& shape = weights_.shape;
  const auto tokens = x.size(0);
  const auto rotated = shape.heads + shape.kv_heads;

  tape.x_attention = x;
  tape.scale_attention = at::empty({tokens}, at::kFloat);
  tape.rows_attention = layer.qkv.make_rows(tokens);
  tape.mask_attention = dropout_mask(layer.qkv, tokens, dropout, index, 0);
  kernels::rms_norm(x, layer.attention_norm, shape.rms_epsilon, layer.qkv.inputs(tape.rows_attention),
                    tape.scale_attention);
  tape.qkv = layer.qkv.forward(tape.rows_attention, tape.mask_attention);
  if (layer.query_norm.defined()) {
    tape.heads = tape.qkv.narrow(1, 0, rotated * shape.head_dim).clone(at::MemoryFormat::Contiguous);
    tape.scale_heads = at::empty({tokens, rotated}, at::kFloat);
    kernels::head_norm(tape.qkv, layer.query_norm, layer.key_norm, shape.heads, shape.rms_epsilon, tape.scale_heads);
  }
  const auto& rope = rope_of(index, tables);
  kernels::rope(tape.qkv, rope.cosine, rope.sine, rotated, /*backward=*/false);
  tape.rows_output = layer.output.make_rows(tokens);
  const auto window = shape.is_global(static_cast<std::int64_t>(index)) ? 0 : shape.window;
  const auto mixed = layer.output.inputs(tape.rows_output);
  for (std::size_t i = 0; i < pasts.size(); ++i)
    pasts[i].keep(index, tape.qkv.narrow(0, static_cast<std::int64_t>(i), tables.lengths[i]));
  if (!pasts.empty() && pasts.front().length() > 0) {
    attention_over_past(shape, window, index, tape.qkv, pasts, mixed);
  } else {
    attention(shape, window, tape.qkv, tables.lengths, mixed, tape.logsumexps);
  }
  tape.mask_output = dropout_mask(layer.output, tokens, dropout, index, 1);
  const auto y = layer.output.forward(tape.rows_output, tape.mask_output);
  x = x.clone();
  post_norm_forward(y, layer.attention_post_norm, shape.rms_epsilon, x, tape.y_attention, tape.scale_post_attention);
}

void Transformer::ffn_forward(std::size_t index, at::Tensor& x, LayerTape& tape, const DropoutKey* dropout) const {
  const auto& layer = layers_[index];
  const auto& shape = weights_.shape;
  const auto tokens = x.size(0);

  tape.x_ffn = x;
  tape.scale_ffn = at::empty({tokens}, at::kFloat);
  tape.rows_gate_up = layer.gate_up.make_rows(tokens);
  tape.mask_gate_up = dropout_mask(layer.gate_up, tokens, dropout, index, 2);
  kernels::rms_norm(x, layer.ffn_norm, shape.rms_epsilon, layer.gate_up.inputs(tape.rows_gate_up), tape.scale_ffn);
  tape.gate_up = layer.gate_up.forward(tape.rows_gate_up, tape.mask_gate_up);
  tape.rows_down = layer.down.make_rows(tokens);
  kernels::gated(shape.family.gate, tape.gate_up, layer.down.inputs(tape.rows_down));
  tape.mask_down = dropout_mask(layer.down, tokens, dropout, index, 3);
  const auto y = layer.down.forward(tape.rows_down, tape.mask_down);
  x = x.clone();
  post_norm_forward(y, layer.ffn_post_norm, shape.rms_epsilon, x, tape.y_ffn, tape.scale_post_ffn);
}

void Transformer::layer_forward(std::size_t index, at::Tensor& x, const Tape& tables, LayerTape& tape,
                                const DropoutKey* dropout, std::span<Past> pasts) const {
  attention_forward(index, x, tables, tape, dropout, pasts);
  ffn_forward(index, x, tape, dropout);
}

void Transformer::ffn_backward(std::size_t index, at::Tensor& dx, const LayerTape& tape) const {
  const auto& layer = layers_[index];
  const auto gate = shape().family.gate;
  const auto dy = post_norm_backward(tape.y_ffn, layer.ffn_post_norm, tape.scale_post_ffn, dx, weights_.dtype);
  const auto dh = layer.down.backward(tape.rows_down, dy, tape.mask_down, true);
  auto dgate_up = at::empty_like(tape.gate_up);
  kernels::gated_backward(gate, tape.gate_up, dh, dgate_up);
  const auto dffn = layer.gate_up.backward(tape.rows_gate_up, dgate_up, tape.mask_gate_up, true);
  kernels::rms_norm_backward(tape.x_ffn, layer.ffn_norm, tape.scale_ffn, dffn, dx);
}

void Transformer::attention_backward(std::size_t index, at::Tensor& dx, const Tape& tables,
                                     const LayerTape& tape) const {
  const auto& layer = layers_[index];
  const auto& shape = weights_.shape;
  const auto dy =
      post_norm_backward(tape.y_attention, layer.attention_post_norm, tape.scale_post_attention, dx, weights_.dtype);
  const auto dout = layer.output.backward(tape.rows_output, dy, tape.mask_output, true);
  const auto window = shape.is_global(static_cast<std::int64_t>(index)) ? 0 : shape.window;
  auto dqkv = attention_gradient(shape, window, dout, tape.qkv, layer.output.inputs(tape.rows_output), tape.logsumexps,
                                 tables.lengths);
  const auto& rope = rope_of(index, tables);
  kernels::rope(dqkv, rope.cosine, rope.sine, shape.heads + shape.kv_heads, /*backward=*/true);
  if (layer.query_norm.defined())
    kernels::head_norm_backward(tape.heads, layer.query_norm, layer.key_norm, shape.heads, tape.scale_heads, dqkv);
  const bool needs_input = index > 0;  // embeddings are frozen
  const auto dnorm = layer.qkv.backward(tape.rows_attention, dqkv, tape.mask_attention, needs_input);
  if (needs_input) kernels::rms_norm_backward(tape.x_attention, layer.attention_norm, tape.scale_attention, dnorm, dx);
}

at::Tensor Transformer::forward(const PackedBatch& batch, Tape* tape, const DropoutKey* dropout) const {
  Tape scratch = start_tape(batch.lengths);
  Tape& tables = tape ? * tape = std::move(scratch) : scratch;
  if (dropout) tables.dropout = *dropout;
  auto x = embed(batch.tokens);
  if (dropout && options_.neftune > 0) add_noise(batch.lengths, *dropout, x);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerTape layer;
    layer_forward(i, x, tables, layer, dropout);
    if (!tape) continue;
    if (options_.checkpointing) layer = {.x_attention = layer.x_attention};
    tape->layers.push_back(std::move(layer));
  }
  return x;
}

void Transformer::backward(const Tape& tape, at::Tensor dhidden) const {
  for (std::size_t i = layers_.size(); i-- > 0;) {
    LayerTape again;
    if (options_.checkpointing) {
      at::Tensor x = tape.layers[i].x_attention;
      layer_forward(i, x, tape, again, tape.dropout ? &*tape.dropout : nullptr);
    }
    const LayerTape& layer = options_.checkpointing ? again : tape.layers[i];
    ffn_backward(i, dhidden, layer);
    attention_backward(i, dhidden, tape, layer);
  }
}

/// From hidden states behind the final norm.
at::Tensor Transformer::logits_of(const at::Tensor& normed) const {
  const auto& words = weights_.unembedding;
  if (words.scalar_type() != at::kFloat) return at::mm(normed, words.t());
  // MKL copies the whole table into its own layout before it multiplies; of a few words at a time, the copy stays in
  // the cache (a quarter faster for 128 rows and 49,152 words).
  const std::int64_t some = 768 * at::get_num_threads();
  auto logits = make_outputs(normed.size(0), words.size(0), at::kFloat);
  for (std::int64_t from = 0; from < words.size(0); from += some) {
    const auto count = std::min(some, words.size(0) - from);
    auto part = logits.narrow(1, from, count);
    at::mm_out(part, normed, words.narrow(0, from, count).t());
  }
  return logits;
}

std::vector<double> Transformer::loss(const at::Tensor& hidden, const PackedBatch& batch, at::Tensor* dhidden) const {
  const auto count = static_cast<std::int64_t>(batch.loss_rows.size());
  std::vector<double> values(batch.loss_rows.size());
  if (dhidden) *dhidden = at::zeros_like(hidden);
  const auto fill = row_multiple();
  const auto slices = (count + loss_slice - 1) / loss_slice;
  for (std::int64_t slice = 0; slice < slices; ++slice) {  // as even as can be: a short one costs as much to read
    const auto from = count * slice / slices;
    const auto size = count * (slice + 1) / slices - from;
    const auto rows = at::from_blob(const_cast<std::int64_t*>(batch.loss_rows.data()) + from, {size}, at::kLong);
    const auto x = hidden.index_select(0, rows);
    auto norm_scale = at::empty({size}, at::kFloat);
    const auto filled = (size + fill - 1) / fill * fill;  // rows beyond `size` are zero and stay so
    const auto y = at::zeros({filled, hidden.size(1)}, weights_.embedding.options());
    kernels::rms_norm(x, weights_.final_norm, weights_.shape.rms_epsilon, y.narrow(0, 0, size), norm_scale);
    const auto logits = logits_of(y);
    kernels::cross_entropy(logits.narrow(0, 0, size), batch.loss_targets.data() + from, dhidden != nullptr,
                           values.data() + from);
    if (!dhidden) continue;
    const auto dy = at::mm(logits, weights_.unembedding).narrow(0, 0, size);
    auto dx = at::zeros_like(x);
    kernels::rms_norm_backward(x, weights_.final_norm, norm_scale, dy, dx);
    dhidden->index_copy_(0, rows, dx);
  }
  return values;
}

at::Tensor Transformer::logits(const at::Tensor& hidden) const {
  auto scale = at::empty({hidden.size(0)}, at::kFloat);
  const auto y = at::empty(hidden.sizes(), weights_.embedding.options());
  kernels::rms_norm(hidden, weights_.final_norm, weights_.shape.rms_epsilon, y, scale);
  return logits_of(y).to(at::kFloat).contiguous();
}

std::int64_t Transformer::first_bad_layer(const PackedBatch& batch) const {
  const Tape tables = start_tape(batch.lengths);
  auto x = embed(batch.tokens);
  if (!at::isfinite(x).all().item<bool>()) return -2;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerTape layer;
    layer_forward(i, x, tables, layer, nullptr);
    if (!at::isfinite(x).all().item<bool>()) return static_cast<std::int64_t>(i);
  }
  return -1;
}

}  // namespace twin::training
