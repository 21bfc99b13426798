// The encoder against a plain forward pass in double precision, over a random model of two layers.
#include "models/encoder/bert_encoder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "core/files.h"
#include "models/registry/bert_gguf.h"

using namespace twin;
using namespace twin::models;

namespace {

using Matrix = std::vector<std::vector<double>>;

BertConfig small() {
  BertConfig config;
  config.vocab_size = 40;
  config.hidden = 24;
  config.layers = 2;
  config.heads = 3;
  config.feed_forward = 56;
  config.positions = 128;
  config.token_types = 2;
  return config;
}

/// A file with random weights, and the same weights by name.
class RandomBert {
 public:
  explicit RandomBert(BertConfig config) : config_(std::move(config)) {}

  std::filesystem::path write(const std::filesystem::path& path, const std::string& architecture = "bert",
                              const std::string& leave_out = {}) {
    gguf_context* const out = gguf_init_empty();
    set_bert_hyperparameters(out, config_, 0);
    gguf_set_val_str(out, "general.architecture", architecture.c_str());
    std::vector<BertTensor> tensors = bert_tensors(config_);
    std::erase_if(tensors, [&](const BertTensor& tensor) { return tensor.name() == leave_out; });
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    const auto data = [&](const BertTensor& tensor) -> Result<std::string> {
      std::int64_t count = 1;
      for (const std::int64_t size : tensor.shape) count *= size;
      std::vector<float>& values = weights_[tensor.name()];
      for (std::int64_t i = 0; i < count; ++i) values.push_back(0.3f * normal(random));
      if (tensor.name().ends_with("norm.weight")) {
        for (float& value : values) value += 1.0f;
      }
      std::string bytes(values.size() * sizeof(float), '\0');
      std::memcpy(bytes.data(), values.data(), bytes.size());
      return bytes;
    };
    REQUIRE(write_bert_gguf(out, tensors, GGML_TYPE_F32, data, path));
    gguf_free(out);
    return path;
  }

  [[nodiscard]] std::vector<double> vector(const std::vector<std::int32_t>& tokens) const {
    Matrix x;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::vector<double> row(config_.hidden);
      for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = at("token_embd.weight", static_cast<std::size_t>(tokens[i]), j) + at("position_embd.weight", i, j) +
                 at("token_types.weight", 0, j);
      }
      x.push_back(row);
    }
    norm(x, "token_embd_norm");
    for (std::uint32_t layer = 0; layer < config_.layers; ++layer) {
      const std::string block = "blk." + std::to_string(layer) + ".";
      add(x, dense(attention(x, block), block + "attn_output"));
      norm(x, block + "attn_output_norm");
      Matrix inner = dense(x, block + "ffn_up");
      for (auto& row : inner) {
        for (double& value : row) value *= 0.5 * (1 + std::erf(value / std::sqrt(2.0)));
      }
      add(x, dense(inner, block + "ffn_down"));
      norm(x, block + "layer_output_norm");
    }
    std::vector<double> mean(config_.hidden, 0.0);
    double squares = 0;
    for (std::size_t j = 0; j < mean.size(); ++j) {
      for (const auto& row : x) mean[j] += row[j];
      if (config_.pooling == 2) mean[j] = x[0][j];
      squares += mean[j] * mean[j];
    }
    for (double& value : mean) value /= std::sqrt(squares);
    return mean;
  }

 private:
  [[nodiscard]] double at(const std::string& name, std::size_t row, std::size_t column) const {
    const bool table = name.find("token") == 0 || name.find("position") == 0;
    const std::size_t columns =
        !table && name.find("ffn_down") != std::string::npos ? config_.feed_forward : config_.hidden;
    return static_cast<double>(weights_.at(name)[row * columns + column]);
  }
  [[nodiscard]] Matrix dense(const Matrix& x, const std::string& name) const {
    Matrix y;
    for (const auto& row : x) {
      std::vector<double> out;
      for (const float bias : weights_.at(name + ".bias")) {
        double sum = static_cast<double>(bias);
        for (std::size_t j = 0; j < row.size(); ++j) sum += row[j] * at(name + ".weight", out.size(), j);
        out.push_back(sum);
      }
      y.push_back(out);
    }
    return y;
  }
  void norm(Matrix& x, const std::string& name) const {
    for (auto& row : x) {
      double mean = 0, variance = 0;
      for (const double value : row) mean += value / static_cast<double>(row.size());
      for (const double value : row) variance += (value - mean) * (value - mean) / static_cast<double>(row.size());
      for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = (row[j] - mean) / std::sqrt(variance + 1e-12) * at(name + ".weight", 0, j) + at(name + ".bias", 0, j);
      }
    }
  }
  static void add(Matrix& x, const Matrix& y) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t j = 0; j < x[i].size(); ++j) x[i][j] += y[i][j];
    }
  }
  [[nodiscard]] Matrix attention(const Matrix& x, const std::string& block) const {
    const Matrix q = dense(x, block + "attn_q"), k = dense(x, block + "attn_k"), v = dense(x, block + "attn_v");
    const std::size_t head = config_.hidden / config_.heads;
    Matrix out(x.size(), std::vector<double>(config_.hidden, 0.0));
    for (std::size_t first = 0; first < config_.hidden; first += head) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        std::vector<double> weights;
        double sum = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
          double score = 0;
          for (std::size_t c = first; c < first + head; ++c) score += q[i][c] * k[j][c];
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(head))));
          sum += weights.back();
        }
        for (std::size_t j = 0; j < x.size(); ++j) {
          for (std::size_t c = first; c < first + head; ++c) out[i][c] += weights[j] / sum * v[j][c];
        }
      }
    }
    return out;
  }

  BertConfig config_;
  std::map<std::string, std::vector<float>> weights_;
};

std::vector<std::vector<std::int32_t>> texts_of(const std::vector<std::size_t>& lengths) {
  std::vector<std::vector<std::int32_t>> texts;
  std::int32_t token = 1;
  for (const std::size_t length : lengths) {
    texts.emplace_back();
    for (std::size_t i = 0; i < length; ++i) texts.back().push_back(token = (token * 7 + 3) % 40);
  }
  return texts;
}

}  // namespace

TEST_CASE("an encoder's vectors are those of a plain forward pass") {
  const TempFolder folder;
  BertConfig config = small();
  SUBCASE("mean of the tokens") {
    config.pooling = 1;
  }
  SUBCASE("first token") {
    config.pooling = 2;
  }
  RandomBert model(config);
  const auto path = model.write(folder.path() / "m.gguf");
  for (const Batching batching : {Batching::packed, Batching::alone}) {
    const auto encoder = BertEncoder::load(path, batching, Precision::f32);
    REQUIRE_MESSAGE(encoder, encoder.error().text());
    CHECK((*encoder)->dimension() == 24);
    CHECK((*encoder)->window() == 128);
    const auto texts = texts_of({1, 5, 6, 7, 23, 48, 49, 128});
    const auto vectors = (*encoder)->encode(texts, 2);
    REQUIRE(vectors);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<double> expected = model.vector(texts[i]);
      for (std::size_t j = 0; j < expected.size(); ++j) {
        CHECK(static_cast<double>((*vectors)[i * expected.size() + j]) == doctest::Approx(expected[j]).epsilon(2e-5));
      }
    }
  }
}

TEST_CASE("in bfloat16 an encoder's vectors are near those of a plain forward pass") {
  if (best_precision() == Precision::f32) {
    MESSAGE("not run: this processor has no products in bfloat16");
    return;
  }
  const TempFolder folder;
  RandomBert model(small());
  const auto path = model.write(folder.path() / "m.gguf");
  for (const Batching batching : {Batching::packed, Batching::alone}) {
    const auto encoder = BertEncoder::load(path, batching, Precision::bf16);
    REQUIRE_MESSAGE(encoder, encoder.error().text());
    const auto texts = texts_of({1, 5, 16, 31, 32, 33, 64, 65, 128});
    const auto vectors = (*encoder)->encode(texts, 2);
    REQUIRE(vectors);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<double> expected = model.vector(texts[i]);  // of length 1, as the other
      double cosine = 0;
      for (std::size_t j = 0; j < expected.size(); ++j)
        cosine += expected[j] * static_cast<double>((*vectors)[i * expected.size() + j]);
      CHECK(cosine > 0.999);
      CHECK(cosine < 1 - 1e-9);  // it was bfloat16
    }
  }
}

TEST_CASE("a text's vector does not depend on what it is encoded with, nor on the number of threads") {
  const TempFolder folder;
  Batching batching = Batching::packed;
  Precision precision = Precision::f32;
  SUBCASE("packed") {}
  SUBCASE("alone") {
    batching = Batching::alone;
  }
  SUBCASE("packed, in the best precision") {
    precision = best_precision();
  }
  SUBCASE("alone, in the best precision") {
    batching = Batching::alone;
    precision = best_precision();
  }
  const auto encoder = BertEncoder::load(RandomBert(small()).write(folder.path() / "m.gguf"), batching, precision);
  REQUIRE(encoder);
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < 60; ++i) lengths.push_back(1 + i * 37 % 128);  // more than one group
  const auto texts = texts_of(lengths);
  const auto together = (*encoder)->encode(texts, 3);
  REQUIRE(together);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(texts[i].size());
    const auto alone = (*encoder)->encode({texts[i]}, 1);
    REQUIRE(alone);
    CHECK(std::memcmp(alone->data(), together->data() + i * 24, 24 * sizeof(float)) == 0);
  }
}

TEST_CASE("what an encoder refuses is named") {
  const TempFolder folder;
  const auto encoder =
      BertEncoder::load(RandomBert(small()).write(folder.path() / "m.gguf"), Batching::packed, Precision::f32);
  REQUIRE(encoder);
  const auto said = [&](const std::vector<std::vector<std::int32_t>>& texts) {
    const auto vectors = (*encoder)->encode(texts, 1);
    REQUIRE_FALSE(vectors);
    CHECK(vectors.error().kind == ErrorKind::invalid);
    return vectors.error().message;
  };
  CHECK(said({{1}, {}}).find("Text 1 has 0 tokens") != std::string::npos);
  CHECK(said(texts_of({129})).find("129") != std::string::npos);
  CHECK(said({{1, 40}}).find("the token 40") != std::string::npos);
  CHECK((*encoder)->encode({}, 2)->empty());

  const auto refused = [&](const std::filesystem::path& model) {
    const auto other = BertEncoder::load(model, Batching::alone, Precision::f32);
    REQUIRE_FALSE(other);
    return other.error().message;
  };
  CHECK(refused(RandomBert(small()).write(folder.path() / "n.gguf", "nomic-bert")).find("nomic-bert") !=
        std::string::npos);
  CHECK(refused(RandomBert(small()).write(folder.path() / "k.gguf", "bert", "blk.1.attn_k.weight"))
            .find("blk.1.attn_k.weight") != std::string::npos);
  BertConfig last = small();
  last.pooling = 3;
  CHECK(refused(RandomBert(last).write(folder.path() / "p.gguf")).find("3") != std::string::npos);
}
