// The model's forward and explicit backward against a plain transformer differentiated by libtorch's autograd, and
// against finite differences.
#include "training/trainer/llama.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "core/files.h"
#include "training/trainer/testing/tiny_llama.h"

using namespace twin;
using namespace twin::training;
using testing::TinyLlama;

namespace {

LlamaWeights load(const TinyLlama& options, at::ScalarType dtype = at::kFloat) {
  const TempFolder folder;
  const auto file = folder.path() / "tiny.gguf";
  REQUIRE(disk().write(file, testing::tiny_llama(options)).has_value());
  auto reader = GgufReader::open(file);
  REQUIRE(reader.has_value());
  auto weights = load_llama(*reader, dtype);
  REQUIRE(weights.has_value());
  return std::move(*weights);
}

/// An adapter whose B is not zero, so that every path of the gradient is alive.
Adapter random_adapter(const LlamaShape& shape, double dropout = 0) {
  LoraConfig config;
  config.r = 4;
  config.alpha = 8;
  config.dropout = dropout;
  Adapter adapter(shape, config);
  adapter.initialize(5);
  for (const auto& pair : adapter.pairs()) {
    auto b = pair.b;
    b.copy_(at::sin(at::arange(b.numel(), at::kFloat) * 1.7 + static_cast<double>(pair.layer)).view_as(b) * 0.1);
  }
  return adapter;
}

PackedBatch some_batch(std::vector<std::int64_t> lengths) {
  PackedBatch batch;
  batch.lengths = std::move(lengths);
  std::int64_t row = 0;
  for (const auto length : batch.lengths) {
    for (std::int64_t i = 0; i < length; ++i, ++row) {
      batch.tokens.push_back((row * 37 + 11) % 128);
      if (i + 1 < length && i % 3 != 0) {
        batch.loss_rows.push_back(row);
        batch.loss_targets.push_back((row * 53 + 7) % 128);
      }
    }
  }
  return batch;
}

/// The same model written plainly, one sample at a time, for autograd. Weights are the Hugging Face layout.
class Reference {
 public:
  Reference(const LlamaWeights& weights, const Adapter* adapter) : w_(weights), adapter_(adapter) {
    if (!adapter) return;
    for (const auto& pair : adapter->pairs()) {
      const auto name = key(pair.layer, pair.module);
      a_[name] = pair.a.to(at::kDouble).clone().requires_grad_(true);
      b_[name] = pair.b.to(at::kDouble).clone().requires_grad_(true);
    }
  }
  static std::string key(std::int64_t layer, const std::string& module) { return fmt::format("{}.{}", layer, module); }
  const at::Tensor& a(const LoraPair& p) const { return a_.at(key(p.layer, p.module)); }
  const at::Tensor& b(const LoraPair& p) const { return b_.at(key(p.layer, p.module)); }

  at::Tensor logits(const std::vector<std::int64_t>& tokens) const {
    const auto length = static_cast<std::int64_t>(tokens.size());
    const auto ids = at::tensor(at::IntArrayRef(tokens), at::kLong);
    auto x = w_.embedding.to(at::kDouble).index_select(0, ids);
    for (std::int64_t i = 0; i < w_.shape.layers; ++i) {
      const auto& l = w_.layers[static_cast<std::size_t>(i)];
      const auto y = norm(x, l.attention_norm);
      const auto q = rotate(linear(y, l.query, i, "q_proj"), w_.shape.heads);
      const auto group = w_.shape.heads / w_.shape.kv_heads;
      const auto k = rotate(linear(y, l.key, i, "k_proj"), w_.shape.kv_heads).repeat_interleave(group, 0);
      const auto v = heads(linear(y, l.value, i, "v_proj"), w_.shape.kv_heads).repeat_interleave(group, 0);
      auto scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(w_.shape.head_dim));
      const auto future = at::ones({length, length}, at::kBool).triu(1);
      scores = at::softmax(scores.masked_fill(future, -1e30), -1);
      const auto out = at::matmul(scores, v).transpose(0, 1).reshape({length, -1});
      x = x + linear(out, l.output, i, "o_proj");
      const auto z = norm(x, l.ffn_norm);
      const auto h = at::silu(linear(z, l.gate, i, "gate_proj")) * linear(z, l.up, i, "up_proj");
      x = x + linear(h, l.down, i, "down_proj");
    }
    return at::matmul(norm(x, w_.final_norm), w_.unembedding.to(at::kDouble).t());
  }

  /// Σ −log p over the batch's loss rows.
  at::Tensor loss(const PackedBatch& batch) const {
    std::vector<at::Tensor> parts;
    auto first = batch.tokens.begin();
    for (const auto length : batch.lengths) {
      parts.push_back(logits({first, first + length}));
      first += length;
    }
    const auto rows = at::tensor(at::IntArrayRef(batch.loss_rows), at::kLong);
    const auto targets = at::tensor(at::IntArrayRef(batch.loss_targets), at::kLong);
    return -at::log_softmax(at::cat(parts).index_select(0, rows), -1).gather(1, targets.unsqueeze(1)).sum();
  }

 private:
  at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const {
    return x * at::rsqrt(x.square().mean(-1, true) + w_.shape.rms_epsilon) * weight.to(at::kDouble);
  }
  at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, std::int64_t layer, const char* module) const {
    auto y = at::matmul(x, weight.to(at::kDouble).t());
    if (!adapter_) return y;
    const auto name = key(layer, module);
    return y + at::matmul(at::matmul(x, a_.at(name).t()), b_.at(name).t()) * adapter_->scale();
  }
  at::Tensor heads(const at::Tensor& x, std::int64_t count) const {
    return x.view({x.size(0), count, w_.shape.head_dim}).transpose(0, 1);
  }
  at::Tensor rotate(const at::Tensor& x, std::int64_t count) const {
    const auto h = heads(x, count);
    const auto half = w_.shape.head_dim / 2;
    const auto angles = at::arange(x.size(0), at::kDouble).unsqueeze(1) * w_.rope_frequency.to(at::kDouble);
    const auto first = h.narrow(2, 0, half);
    const auto second = h.narrow(2, half, half);
    return at::cat({first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()}, 2);
  }

  const LlamaWeights& w_;
  const Adapter* adapter_;
  std::map<std::string, at::Tensor> a_, b_;
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

double total_loss(const Llama& model, const PackedBatch& batch, const DropoutKey* dropout = nullptr) {
  Llama::Tape tape;
  return model.loss(model.forward(batch, &tape, dropout), batch, 0, nullptr);
}

void compute_gradients(const Llama& model, const PackedBatch& batch, Adapter& adapter,
                       const DropoutKey* dropout = nullptr) {
  adapter.gradients.zero_();
  Llama::Tape tape;
  at::Tensor dhidden;
  const auto hidden = model.forward(batch, &tape, dropout);
  model.loss(hidden, batch, 1.0, &dhidden);
  model.backward(tape, dhidden);
}

}  // namespace

TEST_CASE("llama: logits equal those of a plainly written model") {
  for (const bool tied : {true, false}) {
    for (const std::int64_t kv_heads : {1, 2, 4}) {
      const auto weights = load({.kv_heads = kv_heads, .tied = tied});
      const auto adapter = random_adapter(weights.shape);
      const Llama model(weights, &adapter);
      const auto batch = some_batch({23});
      const auto expected = Reference(weights, &adapter).logits(batch.tokens);
      CHECK(largest_difference(model.logits(model.forward(batch, nullptr)), expected) < 2e-4);
    }
  }
}

TEST_CASE("llama: packed samples do not see each other") {
  const auto weights = load({});
  const auto adapter = random_adapter(weights.shape);
  const Llama model(weights, &adapter);
  const auto packed = some_batch({9, 1, 30, 14});
  const auto together = model.forward(packed, nullptr);
  std::int64_t from = 0;
  for (const auto length : packed.lengths) {
    PackedBatch alone;
    alone.tokens = {packed.tokens.begin() + from, packed.tokens.begin() + from + length};
    alone.lengths = {length};
    CHECK(largest_difference(model.forward(alone, nullptr), together.narrow(0, from, length)) < 1e-4);
    from += length;
  }
}

TEST_CASE("llama: loss and every gradient equal autograd's") {
  for (const bool tied : {true, false}) {
    const auto weights = load({.tied = tied});
    auto adapter = random_adapter(weights.shape);
    const Llama model(weights, &adapter);
    const auto batch = some_batch({17, 5, 26});
    const Reference reference(weights, &adapter);
    const auto expected = reference.loss(batch);
    CHECK(total_loss(model, batch) == doctest::Approx(expected.item<double>()).epsilon(1e-5));
    expected.backward();
    compute_gradients(model, batch, adapter);
    for (const auto& pair : adapter.pairs()) {
      CAPTURE(pair.layer);
      CAPTURE(pair.module);
      const auto& ga = reference.a(pair).grad();
      const auto& gb = reference.b(pair).grad();
      CHECK(largest_difference(pair.grad_a, ga) < 1e-3 * ga.abs().max().item<double>());
      CHECK(largest_difference(pair.grad_b, gb) < 1e-3 * gb.abs().max().item<double>());
    }
  }
}

TEST_CASE("llama: gradients equal finite differences, with dropout too") {
  for (const double dropout : {0.0, 0.3}) {
    CAPTURE(dropout);
    const auto weights = load({});
    auto adapter = random_adapter(weights.shape, dropout);
    Llama model(weights, &adapter);
    const auto batch = some_batch({12, 20});
    const DropoutKey key{7, 3, 1};
    compute_gradients(model, batch, adapter, &key);
    // Along a direction all weights move at once: the difference is large against rounding, and no gradient can hide.
    for (const int direction : {1, 2, 3}) {
      const auto d = at::cos(at::arange(adapter.weights.numel(), at::kFloat) * (0.37 * direction));
      const double expected = (adapter.gradients.to(at::kDouble) * d.to(at::kDouble)).sum().item<double>();
      const double h = 2e-4;
      const auto kept = adapter.weights.clone();
      adapter.weights.copy_(kept + d * h);
      model.refresh();
      const double above = total_loss(model, batch, &key);
      adapter.weights.copy_(kept - d * h);
      model.refresh();
      const double below = total_loss(model, batch, &key);
      adapter.weights.copy_(kept);
      model.refresh();
      CHECK((above - below) / (2 * h) == doctest::Approx(expected).epsilon(0.02));
    }
  }
}

TEST_CASE("llama: dropout masks depend on seed, step and part, and on nothing else") {
  const auto weights = load({});
  const auto adapter = random_adapter(weights.shape, 0.5);
  const Llama model(weights, &adapter);
  const auto batch = some_batch({20});
  const DropoutKey key{1, 2, 3};
  const DropoutKey other{1, 3, 3};
  const double once = total_loss(model, batch, &key);
  CHECK(total_loss(model, batch, &key) == once);
  CHECK(total_loss(model, batch, &other) != once);
  CHECK(total_loss(model, batch) != once);
}

TEST_CASE("llama: bfloat16 stays close to float32") {
  const TinyLlama options;
  const auto exact = load(options);
  const auto rounded = load(options, at::kBFloat16);
  auto adapter = random_adapter(exact.shape);
  const auto batch = some_batch({40, 24});
  const Llama full(exact, &adapter);
  compute_gradients(full, batch, adapter);
  const auto gradient = adapter.gradients.clone();
  const Llama half(rounded, &adapter);
  CHECK(total_loss(half, batch) == doctest::Approx(total_loss(full, batch)).epsilon(0.01));
  compute_gradients(half, batch, adapter);
  const double cosine = at::cosine_similarity(gradient, adapter.gradients, 0).item<double>();
  CHECK(cosine > 0.995);
}

TEST_CASE("llama: the layer that overflows is found") {
  auto weights = load({.layers = 3});
  weights.layers[1].down.fill_(INFINITY);
  const Llama model(weights, nullptr);
  CHECK(model.first_bad_layer(some_batch({5})) == 1);
  weights.layers[1].down.fill_(0);
  CHECK(Llama(weights, nullptr).first_bad_layer(some_batch({5})) == -1);
}
