// The model's forward and explicit backward against a plain transformer differentiated by libtorch's autograd, and
// against finite differences.
#include "training/trainer/transformer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>

#include "training/trainer/dora.h"
#include "training/trainer/testing/random_adapter.h"

using namespace twin;
using namespace twin::training;
using testing::random_adapter;
using testing::random_dora;
using testing::tiny_weights;
using testing::TinyModel;

namespace {

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
  Reference(const ModelWeights& weights, const Adapter* adapter) : w_(weights), adapter_(adapter) {
    if (!adapter) return;
    for (const auto& pair : adapter->pairs()) {
      const auto name = key(pair.layer, pair.module);
      a_[name] = pair.a.to(at::kDouble).clone().requires_grad_(true);
      b_[name] = pair.b.to(at::kDouble).clone().requires_grad_(true);
      if (pair.magnitude.defined()) m_[name] = pair.magnitude.to(at::kDouble).clone().requires_grad_(true);
    }
  }
  static std::string key(std::int64_t layer, const std::string& module) { return fmt::format("{}.{}", layer, module); }
  const at::Tensor& a(const LoraPair& p) const { return a_.at(key(p.layer, p.module)); }
  const at::Tensor& b(const LoraPair& p) const { return b_.at(key(p.layer, p.module)); }
  const at::Tensor& m(const LoraPair& p) const { return m_.at(key(p.layer, p.module)); }

  at::Tensor logits(const std::vector<std::int64_t>& tokens) const {
    const auto length = static_cast<std::int64_t>(tokens.size());
    const auto ids = at::tensor(at::IntArrayRef(tokens), at::kLong);
    const auto& family = w_.shape.family;
    auto x = w_.embedding.to(at::kDouble).index_select(0, ids);
    if (family.scaled_embedding) x = x * std::sqrt(static_cast<double>(w_.shape.hidden));
    for (std::int64_t i = 0; i < w_.shape.layers; ++i) {
      const auto& l = w_.layers[static_cast<std::size_t>(i)];
      const bool global = w_.shape.is_global(i);
      const auto y = norm(x, l.attention_norm);
      const auto group = w_.shape.heads / w_.shape.kv_heads;
      const auto query = heads(linear(y, l.query, i, "q_proj", l.query_bias), w_.shape.heads);
      const auto key = heads(linear(y, l.key, i, "k_proj", l.key_bias), w_.shape.kv_heads);
      const auto v =
          heads(linear(y, l.value, i, "v_proj", l.value_bias), w_.shape.kv_heads).repeat_interleave(group, 0);
      const auto q = rotate(family.head_norms ? norm(query, l.query_norm) : query, global);
      const auto k = rotate(family.head_norms ? norm(key, l.key_norm) : key, global).repeat_interleave(group, 0);
      auto scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(w_.shape.head_dim));
      auto hidden = at::ones({length, length}, at::kBool).triu(1);
      if (!global) hidden = hidden | at::ones({length, length}, at::kBool).tril(-w_.shape.window);
      scores = at::softmax(scores.masked_fill(hidden, -1e30), -1);
      const auto out = at::matmul(scores, v).transpose(0, 1).reshape({length, -1});
      auto added = linear(out, l.output, i, "o_proj");
      x = x + (family.post_norms ? norm(added, l.attention_post_norm) : added);
      const auto z = norm(x, l.ffn_norm);
      const auto gate = linear(z, l.gate, i, "gate_proj");
      const auto h =
          (family.gate == Family::Gate::gelu ? at::gelu(gate, "tanh") : at::silu(gate)) * linear(z, l.up, i, "up_proj");
      added = linear(h, l.down, i, "down_proj");
      x = x + (family.post_norms ? norm(added, l.ffn_post_norm) : added);
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
  at::Tensor linear(const at::Tensor& x, const FrozenMatrix& weight, std::int64_t layer, const char* module,
                    const at::Tensor& bias = {}) const {
    if (adapter_ && adapter_->config().dora) {
      const auto name = key(layer, module);
      const auto sum = weight.dense.to(at::kDouble) + at::matmul(b_.at(name), a_.at(name)) * adapter_->scale();
      const auto y = at::matmul(x, sum.t()) * (m_.at(name) / sum.detach().square().sum(1).sqrt());
      return bias.defined() ? y + bias.to(at::kDouble) : y;
    }
    auto y = at::matmul(x, weight.dense.to(at::kDouble).t());
    if (bias.defined()) y = y + bias.to(at::kDouble);
    if (!adapter_) return y;
    const auto name = key(layer, module);
    return y + at::matmul(at::matmul(x, a_.at(name).t()), b_.at(name).t()) * adapter_->scale();
  }
  at::Tensor heads(const at::Tensor& x, std::int64_t count) const {
    return x.view({x.size(0), count, w_.shape.head_dim}).transpose(0, 1);
  }
  at::Tensor rotate(const at::Tensor& h, bool global) const {
    const auto half = w_.shape.head_dim / 2;
    const auto& frequency = global ? w_.rope_frequency : w_.local_rope_frequency;
    const auto angles = at::arange(h.size(1), at::kDouble).unsqueeze(1) * frequency.to(at::kDouble);
    const auto first = h.narrow(2, 0, half);
    const auto second = h.narrow(2, half, half);
    return at::cat({first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()}, 2);
  }

  const ModelWeights& w_;
  const Adapter* adapter_;
  std::map<std::string, at::Tensor> a_, b_, m_;
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

double total_loss(const Transformer& model, const PackedBatch& batch, const DropoutKey* dropout = nullptr) {
  Transformer::Tape tape;
  const auto values = model.loss(model.forward(batch, &tape, dropout), batch, nullptr);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void compute_gradients(const Transformer& model, const PackedBatch& batch, Adapter& adapter,
                       const DropoutKey* dropout = nullptr) {
  adapter.gradients.zero_();
  Transformer::Tape tape;
  at::Tensor dhidden;
  const auto hidden = model.forward(batch, &tape, dropout);
  (void)model.loss(hidden, batch, &dhidden);
  model.backward(tape, dhidden);
}

/// Every family, with what it has: biases, head norms, post norms, a window that is shorter than the samples.
const std::vector<TinyModel> all_families = {
    {},
    {.architecture = "qwen2"},
    {.architecture = "qwen3", .head_dim = 24},
    {.layers = 3, .kv_heads = 1, .architecture = "gemma3", .head_dim = 32, .window = 8, .window_pattern = 2},
};

void check_gradients(const Adapter& adapter, const Reference& reference) {
  for (const auto& pair : adapter.pairs()) {
    CAPTURE(pair.layer);
    CAPTURE(pair.module);
    const auto& ga = reference.a(pair).grad();
    const auto& gb = reference.b(pair).grad();
    CHECK(largest_difference(pair.grad_a, ga) < 1e-3 * ga.abs().max().item<double>());
    CHECK(largest_difference(pair.grad_b, gb) < 1e-3 * gb.abs().max().item<double>());
  }
}

}  // namespace

TEST_CASE("families: logits, loss and every gradient equal those of a plainly written model") {
  for (const auto& options : all_families) {
    CAPTURE(options.architecture);
    const auto weights = tiny_weights(options);
    auto adapter = random_adapter(weights.shape);
    const Transformer model(weights, &adapter);
    const auto alone = some_batch({23});
    CHECK(largest_difference(model.logits(model.forward(alone, nullptr)),
                             Reference(weights, &adapter).logits(alone.tokens)) < 5e-4);
    const auto batch = some_batch({17, 5, 26});
    const Reference reference(weights, &adapter);
    const auto expected = reference.loss(batch);
    CHECK(total_loss(model, batch) == doctest::Approx(expected.item<double>()).epsilon(1e-5));
    expected.backward();
    compute_gradients(model, batch, adapter);
    check_gradients(adapter, reference);
  }
}

TEST_CASE(
    "transformer: rows a page wide, thousands of words, more loss rows than a slice: loss and gradients are right") {
  const auto weights = tiny_weights({.feed_forward = 512, .vocabulary = 2048});
  auto adapter = random_adapter(weights.shape);
  const Transformer model(weights, &adapter);
  const auto batch = some_batch({100, 90, 60});
  REQUIRE(static_cast<std::int64_t>(batch.loss_rows.size()) > Transformer::loss_slice);
  const Reference reference(weights, &adapter);
  const auto expected = reference.loss(batch);
  CHECK(total_loss(model, batch) == doctest::Approx(expected.item<double>()).epsilon(1e-6));
  expected.backward();
  compute_gradients(model, batch, adapter);
  check_gradients(adapter, reference);
  CHECK(model.logits(model.forward(batch, nullptr)).is_contiguous());
}

TEST_CASE("families: DoRA's logits, loss and gradients equal those of the plainly written model, its norm held fixed") {
  for (const auto& options : all_families) {
    CAPTURE(options.architecture);
    const auto weights = tiny_weights(options);
    auto adapter = random_dora(weights);
    const Transformer model(weights, &adapter);
    const auto batch = some_batch({17, 5, 26});
    const Reference reference(weights, &adapter);
    CHECK(largest_difference(model.logits(model.forward(some_batch({23}), nullptr)),
                             reference.logits(some_batch({23}).tokens)) < 5e-4);
    const auto expected = reference.loss(batch);
    CHECK(total_loss(model, batch) == doctest::Approx(expected.item<double>()).epsilon(1e-5));
    expected.backward();
    compute_gradients(model, batch, adapter);
    for (const auto& pair : adapter.pairs()) {
      CAPTURE(pair.layer);
      CAPTURE(pair.module);
      for (const auto& [found, wanted] : {std::pair{pair.grad_a, reference.a(pair).grad()},
                                          {pair.grad_b, reference.b(pair).grad()},
                                          {pair.grad_magnitude, reference.m(pair).grad()}})
        CHECK(largest_difference(found, wanted) < 1e-3 * wanted.abs().max().item<double>());
    }
  }
}

TEST_CASE("DoRA: fresh lengths change nothing, in any form of the base; the norm of the sum needs no sum") {
  const auto weights = tiny_weights({});
  LoraConfig config;
  config.dora = true;
  Adapter adapter(weights.shape, config);
  adapter.initialize(1);
  start_magnitudes(adapter, weights);
  const auto batch = some_batch({20});
  const Transformer plain(weights, nullptr), adapted(weights, &adapter);
  CHECK(largest_difference(plain.forward(batch, nullptr), adapted.forward(batch, nullptr)) < 1e-5);

  const auto other = random_dora(weights);
  const auto& pair = other.pairs().front();
  const auto& query = weights.layers[0].query;
  const auto sum = query.dense + at::mm(pair.b, pair.a) * other.scale();
  CHECK(largest_difference(updated_row_norms(query, row_squares(query), pair, other.scale()),
                           sum.square().sum(1).sqrt()) < 1e-5);
}

TEST_CASE("families: packed samples have the losses that they have alone") {
  for (const auto& options : all_families) {
    CAPTURE(options.architecture);
    const auto weights = tiny_weights(options);
    const auto adapter = random_adapter(weights.shape);
    const Transformer model(weights, &adapter);
    const auto packed = some_batch({9, 1, 30, 14});
    const auto together = model.loss(model.forward(packed, nullptr), packed, nullptr);
    std::vector<double> apart;
    std::int64_t from = 0;
    for (const auto length : packed.lengths) {
      PackedBatch alone;
      alone.tokens = {packed.tokens.begin() + from, packed.tokens.begin() + from + length};
      alone.lengths = {length};
      for (std::size_t i = 0; i < packed.loss_rows.size(); ++i) {
        if (packed.loss_rows[i] < from || packed.loss_rows[i] >= from + length) continue;
        alone.loss_rows.push_back(packed.loss_rows[i] - from);
        alone.loss_targets.push_back(packed.loss_targets[i]);
      }
      const auto values = model.loss(model.forward(alone, nullptr), alone, nullptr);
      apart.insert(apart.end(), values.begin(), values.end());
      from += length;
    }
    REQUIRE(apart.size() == together.size());
    for (std::size_t i = 0; i < apart.size(); ++i) CHECK(together[i] == doctest::Approx(apart[i]).epsilon(1e-5));
  }
}

TEST_CASE("transformer: logits equal those of a plainly written model") {
  for (const bool tied : {true, false}) {
    for (const std::int64_t kv_heads : {1, 2, 4}) {
      const auto weights = tiny_weights({.kv_heads = kv_heads, .tied = tied});
      const auto adapter = random_adapter(weights.shape);
      const Transformer model(weights, &adapter);
      const auto batch = some_batch({23});
      const auto expected = Reference(weights, &adapter).logits(batch.tokens);
      CHECK(largest_difference(model.logits(model.forward(batch, nullptr)), expected) < 2e-4);
    }
  }
}

TEST_CASE("transformer: packed samples do not see each other") {
  const auto weights = tiny_weights({});
  const auto adapter = random_adapter(weights.shape);
  const Transformer model(weights, &adapter);
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

TEST_CASE("transformer: gradients equal finite differences, with dropout too") {
  for (const double dropout : {0.0, 0.3}) {
    CAPTURE(dropout);
    const auto weights = tiny_weights({});
    auto adapter = random_adapter(weights.shape, dropout);
    Transformer model(weights, &adapter);
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

TEST_CASE("transformer: dropout masks depend on seed, step and part, and on nothing else") {
  const auto weights = tiny_weights({});
  const auto adapter = random_adapter(weights.shape, 0.5);
  const Transformer model(weights, &adapter);
  const auto batch = some_batch({20});
  const DropoutKey key{1, 2, 3};
  const DropoutKey other{1, 3, 3};
  const double once = total_loss(model, batch, &key);
  CHECK(total_loss(model, batch, &key) == once);
  CHECK(total_loss(model, batch, &other) != once);
  CHECK(total_loss(model, batch) != once);
}

TEST_CASE("transformer: bfloat16 stays close to float32") {
  const TinyModel options;
  const auto exact = tiny_weights(options);
  const auto rounded = tiny_weights(options, at::kBFloat16);
  auto adapter = random_adapter(exact.shape);
  const auto batch = some_batch({40, 24});
  const Transformer full(exact, &adapter);
  compute_gradients(full, batch, adapter);
  const auto gradient = adapter.gradients.clone();
  const Transformer half(rounded, &adapter);
  CHECK(total_loss(half, batch) == doctest::Approx(total_loss(full, batch)).epsilon(0.01));
  compute_gradients(half, batch, adapter);
  const double cosine = at::cosine_similarity(gradient, adapter.gradients, 0).item<double>();
  CHECK(cosine > 0.995);
}

TEST_CASE("transformer: computing activations again gives the same gradients, with dropout and noise too") {
  const auto weights = tiny_weights({.architecture = "qwen3"});
  const auto batch = some_batch({20, 9});
  const DropoutKey key{1, 2, 3};
  at::Tensor gradients[2];
  for (const bool checkpointing : {false, true}) {
    auto adapter = random_adapter(weights.shape, 0.2);
    const Transformer model(weights, &adapter, {.neftune = 5, .checkpointing = checkpointing});
    compute_gradients(model, batch, adapter, &key);
    gradients[checkpointing ? 1 : 0] = adapter.gradients.clone();
  }
  CHECK(gradients[0].equal(gradients[1]));
  CHECK(gradients[0].abs().max().item<double>() > 0);
}

TEST_CASE("transformer: NEFTune's noise is drawn in training only, from the key, as large as published") {
  const auto weights = tiny_weights({});
  const Transformer plain(weights, nullptr), noisy(weights, nullptr, {.neftune = 10});
  const auto batch = some_batch({25, 16});
  const DropoutKey key{1, 2, 3}, other{1, 3, 3};
  CHECK(total_loss(noisy, batch) == total_loss(plain, batch));
  CHECK(total_loss(noisy, batch, &key) != total_loss(plain, batch));
  CHECK(total_loss(noisy, batch, &key) == total_loss(noisy, batch, &key));
  CHECK(total_loss(noisy, batch, &key) != total_loss(noisy, batch, &other));
  Transformer::Tape tape;
  (void)noisy.forward(batch, &tape, &key);
  Transformer::Tape quiet;
  (void)plain.forward(batch, &quiet);
  const auto noise = (tape.layers[0].x_attention - quiet.layers[0].x_attention).narrow(0, 0, 25);
  const double bound = 10 / std::sqrt(25.0 * 64.0);
  CHECK(noise.abs().max().item<double>() <= bound + 1e-6);
  CHECK(noise.abs().max().item<double>() > 0.95 * bound);
}

TEST_CASE("transformer: the layer that overflows is found") {
  auto weights = tiny_weights({.layers = 3});
  weights.layers[1].down.dense.fill_(INFINITY);
  const Transformer model(weights, nullptr);
  CHECK(model.first_bad_layer(some_batch({5})) == 1);
  weights.layers[1].down.dense.fill_(0);
  CHECK(Transformer(weights, nullptr).first_bad_layer(some_batch({5})) == -1);
}
