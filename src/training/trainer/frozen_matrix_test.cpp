#include "training/trainer/frozen_matrix.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>

#include <numeric>

#include "core/files.h"
#include "training/trainer/testing/tiny_model.h"
#include "training/trainer/transformer.h"

using namespace twin;
using namespace twin::training;

namespace {

ModelWeights load(const testing::TinyModel& options, const std::string& quantize) {
  const TempFolder folder;
  const auto file = folder.path() / "tiny.gguf";
  REQUIRE(disk().write(file, testing::tiny_model(options)).has_value());
  auto reader = GgufReader::open(file);
  REQUIRE(reader.has_value());
  auto weights = load_weights(*reader, at::kFloat, quantize);
  REQUIRE(weights.has_value());
  return std::move(*weights);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kFloat) - b.to(at::kFloat)).abs().max().item<double>();
}

}  // namespace

TEST_CASE("frozen matrix: quantizing and widening is close, into parts of wider rows, in both types") {
  const auto values = at::randn({12, 64});
  const std::vector<float> floats(values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel());
  for (const auto& [type, error] : std::vector<std::pair<std::string, double>>{{"q8_0", 0.05}, {"q4_1", 0.5}}) {
    const auto matrix = quantize(floats, 12, 64, type);
    REQUIRE(matrix.has_value());
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      auto wide = at::full({12, 70}, 9, dtype);
      matrix->write_to(wide.narrow(1, 0, 64));
      CHECK(difference(wide.narrow(1, 0, 64), values) < error);
      CHECK(wide.narrow(1, 64, 6).eq(9).all().item<bool>());
    }
    const auto order = at::arange(11, -1, -1, at::kLong);
    auto reversed = at::empty({12, 64});
    matrix->reordered(order).write_to(reversed);
    CHECK(difference(reversed, values.flip(0)) < error);
  }
}

TEST_CASE("frozen matrix: unknown types and rows that do not divide into blocks are refused") {
  const std::vector<float> floats(2 * 40);
  CHECK(quantize(floats, 2, 40, "q4_1").error().message.find("40") != std::string::npos);
  CHECK(quantize(floats, 2, 40, "q4_k").error().hint.find("q8_0") != std::string::npos);
  CHECK_FALSE(quantize(floats, 2, 40, "nothing").has_value());
}

TEST_CASE("frozen matrix: a model that stays in its blocks computes what its widened copy computes") {
  for (const char* architecture : {"llama", "qwen3"}) {
    const testing::TinyModel options{.type = "Q4_1", .architecture = architecture};
    auto widened = load(options, "false");
    auto kept = load(options, "true");
    REQUIRE(kept.layers[0].query.blocks.defined());
    auto both = at::empty_like(widened.layers[0].query.dense);
    kept.layers[0].query.write_to(both);
    CHECK(both.equal(widened.layers[0].query.dense));

    LoraConfig config;
    config.r = 4;
    Adapter first(widened.shape, config), second(widened.shape, config);
    for (auto* adapter : {&first, &second}) {
      adapter->initialize(3);
      for (const auto& pair : adapter->pairs()) at::Tensor(pair.b).fill_(0.01);
    }
    const Transformer a(widened, &first), b(kept, &second);
    PackedBatch batch;
    for (std::int64_t i = 0; i < 20; ++i) batch.tokens.push_back(i * 7 % 128);
    batch.lengths = {12, 8};
    batch.loss_rows = {3, 4, 5, 14, 15};
    batch.loss_targets = {1, 2, 3, 4, 5};
    std::vector<double> losses[2];
    int i = 0;
    for (const auto* model : {&a, &b}) {
      Transformer::Tape tape;
      at::Tensor dhidden;
      losses[i++] = model->loss(model->forward(batch, &tape), batch, &dhidden);
      model->backward(tape, dhidden);
    }
    CHECK(losses[0] == losses[1]);
    CHECK(difference(first.gradients, second.gradients) == 0.0);
  }
}
