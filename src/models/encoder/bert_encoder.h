// BERT-type encoders (Devlin et al. 2019; XLM-R, MiniLM, E5, BGE) over packed texts: no padding to the longest of a
// batch, weights laid out once, products in bfloat16 where the processor has them. What `twin` itself must not link:
// built into twin-encode.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "core/result.h"
#include "models/encoder/dense.h"
#include "models/merge/gguf_rows.h"

namespace twin::models {

/// How texts go through the layers.
enum class Batching {
  packed,  ///< many together, one after the other: most texts a second
  alone,   ///< each by itself in one thread, in products of no more rows than it needs: a question's vector soonest
};

class BertEncoder {
 public:
  /// Reads a GGUF of architecture "bert" with pooling by mean or CLS, of any quantization that ggml widens. Another
  /// model, a tensor that is missing or has a wrong shape is ErrorKind::invalid that names it.
  [[nodiscard]] static Result<std::unique_ptr<BertEncoder>> load(const std::filesystem::path& model, Batching batching,
                                                                 Precision precision);

  [[nodiscard]] std::int64_t dimension() const { return width_; }
  /// Tokens that a text may have: rows of the position table.
  [[nodiscard]] std::int64_t window() const { return positions_; }

  /// Texts as token ids → texts × dimension(), row-major, L2-normalized. A text's vector is the same, bit for bit,
  /// whatever it is encoded with and with however many threads; the two kinds of batching may differ in the last bits.
  /// ErrorKind::invalid names a text that is empty, longer than the window, or has a token outside the vocabulary.
  [[nodiscard]] Result<std::vector<float>> encode(const std::vector<std::vector<std::int32_t>>& texts,
                                                  int threads) const;

 private:
  struct Norm {
    std::vector<float> scale, shift;
  };
  struct Layer {
    Dense qkv, attention_out;
    Norm attention_norm;
    Dense up, down;
    Norm out_norm;
  };
  struct Group;

  using Texts = std::vector<std::vector<std::int32_t>>;

  BertEncoder(GgufRows file, Batching batching, Precision precision)
      : file_(std::move(file)), batching_(batching), precision_(precision) {}
  Result<void> read_model();
  Result<std::vector<float>> read(const std::string& name, std::int64_t rows, std::int64_t columns) const;
  Result<Norm> read_norm(const std::string& name) const;
  Result<Dense> read_dense(const std::vector<std::string>& names, std::int64_t inputs, std::int64_t outputs) const;
  Result<void> check(const Texts& texts) const;
  [[nodiscard]] std::vector<std::vector<std::size_t>> divide(const Texts& texts, int threads) const;
  Result<void> look_up(Group& group) const;
  void attend(Group& group) const;
  void feed_forward(Group& group, const Layer& layer) const;
  void pool(const Group& group, float* vectors) const;
  Result<void> run(Group& group, float* vectors) const;
  void add_and_norm(Group& group, const float* more, const Norm& norm) const;

  GgufRows file_;
  Batching batching_;
  Precision precision_;
  const GgufTensor* words_ = nullptr;  ///< read row by row: a vocabulary of 250,000 stays in the file
  std::int64_t width_ = 0, heads_ = 0, inner_ = 0, positions_ = 0;
  float epsilon_ = 0;
  bool mean_ = true;
  std::vector<float> position_rows_;  ///< with the row of token type 0 added
  Norm word_norm_;
  std::vector<Layer> layers_;
};

}  // namespace twin::models
