#include "training/trainer/weights.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>
#include <ggml.h>

#include "core/files.h"
#include "training/trainer/gguf_writer.h"
#include "training/trainer/testing/tiny_model.h"

using namespace twin;
using namespace twin::training;
using testing::TinyModel;

namespace {

Result<ModelWeights> load(const std::string& bytes, at::ScalarType dtype = at::kFloat) {
  const TempFolder folder;
  const auto file = folder.path() / "tiny.gguf";
  REQUIRE(disk().write(file, bytes).has_value());
  const auto reader = GgufReader::open(file);
  if (!reader) return tl::unexpected(reader.error());
  return load_weights(*reader, dtype);
}

}  // namespace

TEST_CASE("weights: shape, types and tied embeddings are read from the GGUF") {
  const auto weights = load(testing::tiny_model({.type = "F16"}), at::kBFloat16);
  REQUIRE(weights.has_value());
  CHECK(weights->shape.layers == 2);
  CHECK(weights->shape.head_dim == 16);
  CHECK(weights->shape.kv_heads == 2);
  CHECK(weights->shape.vocabulary == 128);
  CHECK(weights->shape.module("down_proj").inputs == 96);
  CHECK(weights->shape.module("lm_head").outputs == 0);
  CHECK((weights->layers[1].up.dense.scalar_type() == at::kBFloat16));
  CHECK((weights->layers[1].ffn_norm.scalar_type() == at::kFloat));
  CHECK(weights->embedding.is_same(weights->unembedding));
  CHECK_FALSE(load(testing::tiny_model({.tied = false}))
                  ->embedding.is_same(load(testing::tiny_model({.tied = false}))->unembedding));
}

TEST_CASE("weights: quantized matrices are dequantized") {
  const auto exact = load(testing::tiny_model({}));
  for (const auto& [name, error] :
       std::vector<std::pair<std::string, double>>{{"F16", 1e-3}, {"BF16", 1e-2}, {"Q8_0", 0.02}, {"Q4_1", 0.2}}) {
    const std::string type = name;
    CAPTURE(type);
    const auto quantized = load(testing::tiny_model({.type = type}));
    REQUIRE(quantized.has_value());
    const auto& a = exact->layers[0].gate.dense;
    const double difference = (a - quantized->layers[0].gate.dense).norm().item<double>() / a.norm().item<double>();
    CHECK(difference < error);
    CHECK(difference > 0);
  }
}

TEST_CASE("weights: the two layouts of a head's rows are inverse to each other") {
  const auto rows = at::arange(2 * 8 * 3, at::kFloat).view({16, 3});
  CHECK(deinterleave_heads(interleave_heads(rows, 2), 2).equal(rows));
  // GGUF row 1 of a head is the partner of row 0: row head_dim/2 of the Hugging Face layout.
  CHECK(interleave_heads(rows, 2)[1].equal(rows[4]));
  CHECK(interleave_heads(rows, 2)[8].equal(rows[8]));
}

TEST_CASE("weights: what cannot be trained says why") {
  const auto other = load(testing::tiny_model({.architecture = "bert"}));
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().kind == ErrorKind::invalid);
  CHECK(other.error().message.find("bert") != std::string::npos);

  GgufWriter writer;
  writer.set("general.architecture", std::string("llama"));
  const auto empty = load(writer.bytes());
  REQUIRE_FALSE(empty.has_value());
  CHECK(empty.error().message.find("block_count") != std::string::npos);
}

TEST_CASE("weights: a truncated or foreign file is an error, never a crash") {
  const auto bytes = testing::tiny_model({});
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{20}, std::size_t{100}, std::size_t{700},
                                 bytes.size() / 2, bytes.size() - 64}) {
    CAPTURE(size);
    const auto read = load(bytes.substr(0, size));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == ErrorKind::invalid);
  }
  CHECK_FALSE(load("not a model at all, only text that is long enough").has_value());
  CHECK(GgufReader::open("/nonexistent/model.gguf").error().kind == ErrorKind::not_found);
}
