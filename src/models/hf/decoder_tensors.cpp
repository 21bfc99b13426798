#include "models/hf/decoder_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>
#include <map>
#include <numbers>
#include <set>

#include "core/i18n.h"

namespace twin::models {
namespace {

constexpr const char* rope_divisors = "rope_freqs.weight";

/// GGML_TYPE_COUNT for types without fractions, and for those of few bits.
ggml_type ggml_type_of_dtype(const std::string& dtype) {
  if (dtype == "F32") return GGML_TYPE_F32;
  if (dtype == "F16") return GGML_TYPE_F16;
  if (dtype == "BF16") return GGML_TYPE_BF16;
  return GGML_TYPE_COUNT;
}

class TensorList {
 public:
  TensorList(const DecoderConfig& config, const HfWeights& weights) : c_(config), weights_(weights) {}

  Result<std::vector<DecoderTensor>> list() {
    matrix("token_embd.weight", c_.vocabulary, c_.hidden);
    if (!c_.tied) matrix("output.weight", c_.vocabulary, c_.hidden);
    vector("output_norm.weight", c_.hidden);
    if (c_.llama3) add(rope_divisors, {}, {c_.head_dim / 2}, GGML_TYPE_F32, 0);
    for (std::int64_t layer = 0; layer < c_.layers && !failure_; ++layer) add_layer(fmt::format("blk.{}.", layer));
    if (!failure_) refuse_leftovers();
    if (failure_) return tl::unexpected(*failure_);
    return std::move(tensors_);
  }

 private:
  void add_layer(const std::string& block) {
    const std::int64_t query = c_.heads * c_.head_dim, key = c_.kv_heads * c_.head_dim;
    const auto weight = [&](const char* part) { return block + part + ".weight"; };
    const auto bias = [&](const char* part) { return block + part + ".bias"; };
    vector(weight("attn_norm"), c_.hidden);
    if (c_.family->gguf == "qwen3" || c_.family->gguf == "gemma3") {
      vector(weight("attn_q_norm"), c_.head_dim);
      vector(weight("attn_k_norm"), c_.head_dim);
    }
    if (c_.fused) {
      const std::string source = hf_tensor_name(*c_.family, weight("attn_q"));
      const std::string joined = source.substr(0, source.rfind("q_proj")) + "qkv_proj.weight";
      part_of(joined, weight("attn_q"), 0, query, query + 2 * key, c_.heads);
      part_of(joined, weight("attn_k"), query, key, query + 2 * key, c_.kv_heads);
      part_of(joined, weight("attn_v"), query + key, key, query + 2 * key, 0);
    } else {
      matrix(weight("attn_q"), query, c_.hidden, c_.heads);
      matrix(weight("attn_k"), key, c_.hidden, c_.kv_heads);
      matrix(weight("attn_v"), key, c_.hidden);
    }
    if (c_.query_bias) {
      vector(bias("attn_q"), query, c_.heads);
      vector(bias("attn_k"), key, c_.kv_heads);
      vector(bias("attn_v"), key);
    }
    matrix(weight("attn_output"), c_.hidden, query);
    if (c_.output_bias) vector(bias("attn_output"), c_.hidden);
    if (c_.family->sandwich_norms) vector(weight("post_attention_norm"), c_.hidden);
    vector(weight("ffn_norm"), c_.hidden);
    if (c_.fused) {
      const std::string source = hf_tensor_name(*c_.family, weight("ffn_gate"));
      const std::string joined = source.substr(0, source.rfind("gate_proj")) + "gate_up_proj.weight";
      part_of(joined, weight("ffn_gate"), 0, c_.feed_forward, 2 * c_.feed_forward, 0);
      part_of(joined, weight("ffn_up"), c_.feed_forward, c_.feed_forward, 2 * c_.feed_forward, 0);
    } else {
      matrix(weight("ffn_gate"), c_.feed_forward, c_.hidden);
      matrix(weight("ffn_up"), c_.feed_forward, c_.hidden);
    }
    matrix(weight("ffn_down"), c_.hidden, c_.feed_forward);
    if (c_.family->sandwich_norms) vector(weight("post_ffw_norm"), c_.hidden);
  }

  void matrix(const std::string& name, std::int64_t rows, std::int64_t columns, std::int64_t heads = 0) {
    const std::string source = hf_tensor_name(*c_.family, name);
    if (const auto type = check(source, {rows, columns})) add(name, source, {columns, rows}, *type, heads);
  }

  /// `rows` rows from `first` on of a matrix of `whole` rows.
  void part_of(const std::string& source, const std::string& name, std::int64_t first, std::int64_t rows,
               std::int64_t whole, std::int64_t heads) {
    const auto type = check(source, {whole, c_.hidden});
    if (type) add(name, source, {c_.hidden, rows}, *type, heads).first_row = first;
  }

  void vector(const std::string& name, std::int64_t size, std::int64_t heads = 0) {
    const std::string source = hf_tensor_name(*c_.family, name);
    if (!check(source, {size})) return;
    DecoderTensor& added = add(name, source, {size}, GGML_TYPE_F32, heads);
    if (name.ends_with("norm.weight")) added.offset = static_cast<float>(c_.family->norm_offset);
  }

  DecoderTensor& add(const std::string& name, const std::string& source, const std::vector<std::int64_t>& shape,
                     ggml_type type, std::int64_t heads) {
    DecoderTensor& tensor = tensors_.emplace_back();
    tensor.place.name = name;
    tensor.place.shape = shape;
    tensor.place.type = type;
    tensor.source = source;
    tensor.heads = c_.family->interleaved_heads ? heads : 0;
    return tensor;
  }

  /// Its type, when it is there in this shape.
  std::optional<ggml_type> check(const std::string& source, const std::vector<std::int64_t>& shape) {
    used_.insert(source);
    if (failure_) return std::nullopt;
    const SafetensorEntry* const entry = weights_.find(source);
    if (entry == nullptr) return wrong(tr("The weights lack tensor {}", source));
    if (entry->shape != shape) {
      return wrong(tr("Tensor {} has the shape {}, config.json says {}", source,
                      fmt::format("{}", fmt::join(entry->shape, "×")), fmt::format("{}", fmt::join(shape, "×"))));
    }
    const ggml_type type = ggml_type_of_dtype(entry->dtype);
    if (type == GGML_TYPE_COUNT)
      return wrong(tr("Tensor {} is of type {}; weights have to be F32, F16 or BF16", source, entry->dtype));
    return type;
  }

  std::nullopt_t wrong(const std::string& what) {
    failure_ = Error{ErrorKind::invalid, what, weights_.folder().string(), ""};
    return std::nullopt;
  }

  /// Nothing is dropped without a word: a tensor that is not used would make another model.
  void refuse_leftovers() {
    for (const std::string& name : weights_.names()) {
      if (used_.contains(name) || name.ends_with(".rotary_emb.inv_freq")) continue;  // computed anew everywhere
      if (name == "lm_head.weight" && c_.tied) continue;                             // a copy of the embedding
      wrong(tr("Tensor {} has no place in {}", name, c_.family->hf_class));
      return;
    }
  }

  const DecoderConfig& c_;
  const HfWeights& weights_;
  std::vector<DecoderTensor> tensors_;
  std::set<std::string> used_;
  std::optional<Error> failure_;
};

/// What Llama 3 divides each frequency by: long waves by the factor, short ones by nothing, those between by a blend.
std::vector<float> llama3_divisors(const DecoderConfig& config) {
  const Llama3Rope& rope = *config.llama3;
  const auto head_dim = static_cast<double>(config.head_dim);
  std::vector<float> divisors;
  for (std::int64_t i = 0; i < config.head_dim / 2; ++i) {
    const double wave = 2 * std::numbers::pi * std::pow(config.rope_base, 2.0 * static_cast<double>(i) / head_dim);
    double divisor = 1;
    if (wave > rope.original / rope.low) {
      divisor = rope.factor;
    } else if (wave >= rope.original / rope.high) {
      const double smooth = (rope.original / wave - rope.low) / (rope.high - rope.low);
      divisor = 1.0 / ((1 - smooth) / rope.factor + smooth);
    }
    divisors.push_back(static_cast<float>(divisor));
  }
  return divisors;
}

std::string bytes_of_floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// Rows of each head from Hugging Face's order to the GGUF's.
std::string interleaved(const std::string& rows, std::int64_t count, std::int64_t heads) {
  const std::size_t width = rows.size() / static_cast<std::size_t>(count);
  std::string moved(rows.size(), '\0');
  for (std::int64_t row = 0; row < count; ++row) {
    const auto to = static_cast<std::size_t>(interleaved_row(row, count / heads));
    std::memcpy(moved.data() + to * width, rows.data() + static_cast<std::size_t>(row) * width, width);
  }
  return moved;
}

}  // namespace

Result<std::vector<DecoderTensor>> decoder_tensors(const DecoderConfig& config, const HfWeights& weights) {
  return TensorList(config, weights).list();
}

Result<std::string> read_decoder_tensor(const DecoderConfig& config, const DecoderTensor& tensor,
                                        const HfWeights& weights) {
  if (tensor.source.empty()) return bytes_of_floats(llama3_divisors(config));
  const bool vector = tensor.place.shape.size() == 1;
  std::string bytes;
  if (vector) {
    auto values = weights.read(tensor.source);
    if (!values) return tl::unexpected(values.error());
    for (float& value : *values) value += tensor.offset;
    bytes = bytes_of_floats(*values);
  } else {
    auto whole = weights.read_bytes(tensor.source);
    if (!whole) return tl::unexpected(whole.error());
    const std::size_t width = ggml_row_size(tensor.place.type, tensor.place.shape[0]);
    const std::size_t size = width * static_cast<std::size_t>(tensor.place.shape[1]);
    bytes = whole->size() == size ? std::move(*whole)
                                  : whole->substr(width * static_cast<std::size_t>(tensor.first_row), size);
  }
  if (tensor.heads == 0) return bytes;
  return interleaved(bytes, tensor.place.shape.back(), tensor.heads);
}

}  // namespace twin::models
