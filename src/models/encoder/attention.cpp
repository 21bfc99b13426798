#include "models/encoder/attention.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "models/encoder/onednn.h"
#include "models/encoder/rows.h"

namespace twin::models {
namespace {

using tag = dnnl::memory::format_tag;
using sizes = dnnl::memory::dims;

/// Rows of scores are as long as a multiple of so many tokens, so that loops over them have no rest; in bf16 a text is
/// multiplied as so many, those beyond its own being zeros: a tile of AMX, and few enough lengths that their kernels
/// are made once and kept.
constexpr std::int64_t token_step = attention_slack + 1;
/// The score of a token beyond the text: its weight is none.
constexpr float no_token = -1e30f;

std::int64_t padded_tokens(std::int64_t tokens) {
  return (tokens + token_step - 1) / token_step * token_step;
}

dnnl::matmul::primitive_desc describe(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                      const dnnl::memory::desc& c) {
  return {dnnl::matmul::desc(a, b, c), onednn::own_scratchpad(), onednn::processor()};
}

void multiply(char transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, float* c, std::int64_t ldc) {
  const dnnl::status done = dnnl::sgemm('N', transpose_b, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, ldc);
  if (done != dnnl::status::success) throw dnnl::error(static_cast<dnnl_status_t>(done), "sgemm");
}

/// Scores of the tokens for one token to weights, in place.
void weigh(float* scores, float scale, std::int64_t tokens) {
  const std::int64_t padded = padded_tokens(tokens);
  std::fill(scores + tokens, scores + padded, no_token);
  rows::softmax(scores, scale, padded);
}

}  // namespace

/// A product and what it multiplies.
struct HeadProduct {
  explicit HeadProduct(const dnnl::matmul::primitive_desc& description)
      : a(description.src_desc()),
        b(description.weights_desc()),
        c(description.dst_desc()),
        scratch(description.scratchpad_desc()),
        product(description) {}

  void run(dnnl::stream& stream, const std::uint16_t* from, const std::uint16_t* by, float* to,
           std::vector<std::byte>& bytes) const {
    product.execute(stream, {{DNNL_ARG_SRC, onednn::over(a, from)},
                             {DNNL_ARG_WEIGHTS, onednn::over(b, by)},
                             {DNNL_ARG_SCRATCHPAD, onednn::scratchpad(scratch, bytes)},
                             {DNNL_ARG_DST, dnnl::memory(c, onednn::processor(), to)}});
    stream.wait();
  }

  dnnl::memory::desc a, b, c, scratch;
  dnnl::matmul product;
};

/// Both products of a head, for texts of so many tokens.
struct HeadProducts {
  HeadProducts(std::int64_t tokens, std::int64_t head, std::int64_t width)
      : scores(describe({{tokens, head}, narrow, tag::ab}, {{head, tokens}, narrow, tag::ba},
                        {{tokens, tokens}, wide, tag::ab})),
        values(describe({{tokens, tokens}, narrow, tag::ab}, {{tokens, head}, narrow, tag::ab},
                        {{tokens, head}, wide, sizes{width, 1}})) {}

  static constexpr auto narrow = dnnl::memory::data_type::bf16, wide = dnnl::memory::data_type::f32;
  HeadProduct scores, values;
};

struct Attention::State {
  std::int64_t heads, head;
  Precision precision;
  std::vector<float> scores;
  dnnl::stream stream{onednn::processor()};
  std::vector<std::byte> scratch;
  std::vector<std::uint16_t> query, key, value, weights;  ///< of one head
  std::map<std::int64_t, HeadProducts> products;          ///< by tokens

  [[nodiscard]] std::int64_t width() const { return heads * head; }
  [[nodiscard]] float scale() const { return 1.0f / std::sqrt(static_cast<float>(head)); }

  void run_f32(const float* qkv, float* out, std::int64_t tokens) {
    const std::int64_t stride = 3 * width(), padded = padded_tokens(tokens);
    scores.resize(static_cast<std::size_t>(tokens * padded));
    for (std::int64_t at = 0; at < width(); at += head) {
      multiply('T', tokens, tokens, head, qkv + at, stride, qkv + width() + at, stride, scores.data(), padded);
      for (std::int64_t i = 0; i < tokens; ++i) weigh(scores.data() + i * padded, scale(), tokens);
      multiply('N', tokens, head, tokens, scores.data(), padded, qkv + 2 * width() + at, stride, out + at, width());
    }
  }

  /// One head of the text, and zeros up to `padded` tokens.
  void take(const float* from, std::vector<std::uint16_t>& to, std::int64_t tokens, std::int64_t padded) const {
    to.assign(static_cast<std::size_t>(padded * head), 0);
    for (std::int64_t i = 0; i < tokens; ++i) rows::to_bf16(from + i * 3 * width(), to.data() + i * head, head);
  }

  void run_bf16(const float* qkv, float* out, std::int64_t tokens) {
    const std::int64_t padded = padded_tokens(tokens);
    const HeadProducts& by = products.try_emplace(padded, padded, head, width()).first->second;
    scores.resize(static_cast<std::size_t>(padded * padded));
    weights.assign(scores.size(), 0);
    for (std::int64_t at = 0; at < width(); at += head) {
      take(qkv + at, query, tokens, padded);
      take(qkv + width() + at, key, tokens, padded);
      take(qkv + 2 * width() + at, value, tokens, padded);
      by.scores.run(stream, query.data(), key.data(), scores.data(), scratch);
      for (std::int64_t i = 0; i < tokens; ++i) weigh(scores.data() + i * padded, scale(), tokens);
      rows::to_bf16(scores.data(), weights.data(), tokens * padded);
      by.values.run(stream, weights.data(), value.data(), out + at, scratch);
    }
  }
};

Attention::Attention(std::int64_t heads, std::int64_t head, Precision precision) : state_(std::make_unique<State>()) {
  state_->heads = heads;
  state_->head = head;
  state_->precision = precision;
}

Attention::~Attention() = default;

void Attention::run(const float* qkv, float* out, std::int64_t tokens) {
  if (state_->precision == Precision::bf16) {
    state_->run_bf16(qkv, out, tokens);
  } else {
    state_->run_f32(qkv, out, tokens);
  }
}

}  // namespace twin::models
