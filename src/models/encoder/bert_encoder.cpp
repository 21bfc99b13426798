#include "models/encoder/bert_encoder.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "core/i18n.h"
#include "models/encoder/attention.h"
#include "models/encoder/rows.h"
#include "models/merge/hf_config.h"

namespace twin::models {
namespace {

constexpr std::int64_t mean_pooling = 1, cls_pooling = 2;
/// Tokens that one thread carries through all layers together: enough that weights are read from memory seldom, few
/// enough that what a layer writes is still in the cache when the next one reads it.
constexpr std::int64_t group_tokens(Precision precision) {
  return precision == Precision::bf16 ? 256 : 1024;
}

}  // namespace

/// Texts that go through the layers together, one after the other in `x`.
struct BertEncoder::Group {
  Attention attention;  ///< of the thread
  std::vector<std::size_t> texts;
  const std::vector<std::vector<std::int32_t>>* tokens = nullptr;
  std::int64_t rows = 0;
  std::vector<float> x, wide, narrow, sum;
  DenseThread thread;
};

Result<std::unique_ptr<BertEncoder>> BertEncoder::load(const std::filesystem::path& model, Batching batching,
                                                       Precision precision) {
  auto file = GgufRows::open(model);
  if (!file) return tl::unexpected(file.error());
  std::unique_ptr<BertEncoder> encoder(new BertEncoder(std::move(*file), batching, precision));
  if (auto done = encoder->read_model(); !done) return tl::unexpected(done.error());
  return encoder;
}

Result<std::vector<float>> BertEncoder::read(const std::string& name, std::int64_t rows, std::int64_t columns) const {
  const GgufTensor* const tensor = file_.find(name);
  if (tensor == nullptr) return fail(ErrorKind::invalid, tr("Tensor {} is missing", name), file_.path().string());
  if (tensor->rows() != rows || tensor->columns() != columns) {
    return fail(
        ErrorKind::invalid,
        tr("Tensor {} has {} × {} numbers, expected {} × {}", name, tensor->rows(), tensor->columns(), rows, columns),
        file_.path().string());
  }
  std::vector<float> values;
  if (auto done = file_.read(*tensor, 0, rows, values); !done) return tl::unexpected(done.error());
  return values;
}

Result<BertEncoder::Norm> BertEncoder::read_norm(const std::string& name) const {
  auto scale = read(name + ".weight", 1, width_);
  if (!scale) return tl::unexpected(scale.error());
  auto shift = read(name + ".bias", 1, width_);
  if (!shift) return tl::unexpected(shift.error());
  return Norm{std::move(*scale), std::move(*shift)};
}

/// Several layers of one input are one product: their outputs stand one after the other.
Result<Dense> BertEncoder::read_dense(const std::vector<std::string>& names, std::int64_t inputs,
                                      std::int64_t outputs) const {
  std::vector<float> weights, biases;
  for (const std::string& name : names) {
    const auto weight = read(name + ".weight", outputs, inputs);
    if (!weight) return tl::unexpected(weight.error());
    const auto bias = read(name + ".bias", 1, outputs);
    if (!bias) return tl::unexpected(bias.error());
    weights.insert(weights.end(), weight->begin(), weight->end());
    biases.insert(biases.end(), bias->begin(), bias->end());
  }
  return Dense(weights, biases, inputs, outputs * static_cast<std::int64_t>(names.size()), precision_,
               batching_ == Batching::alone);
}

Result<void> BertEncoder::read_model() {
  const GgufFile& file = file_.file();
  const auto invalid = [&](std::string what) {
    return fail(ErrorKind::invalid, std::move(what), file_.path().string());
  };
  if (file.text("general.architecture") != "bert") {
    return invalid(tr("Only encoders of the architecture bert are run here, this is {}",
                      file.text("general.architecture").value_or("?")));
  }
  width_ = file.number("bert.embedding_length").value_or(0);
  heads_ = file.number("bert.attention.head_count").value_or(0);
  inner_ = file.number("bert.feed_forward_length").value_or(0);
  const std::int64_t layers = file.number("bert.block_count").value_or(0);
  epsilon_ = static_cast<float>(gguf_real(file, "bert.attention.layer_norm_epsilon").value_or(0));
  const std::int64_t pooling = file.number("bert.pooling_type").value_or(mean_pooling);
  if (width_ <= 0 || heads_ <= 0 || width_ % heads_ != 0 || inner_ <= 0 || layers <= 0 || !(epsilon_ > 0)) {
    return invalid(tr("The model's sizes are missing or do not fit together"));
  }
  if (pooling != mean_pooling && pooling != cls_pooling) {
    return invalid(
        tr("Vectors are made by the mean or of the first token here, this model asks for pooling {}", pooling));
  }
  mean_ = pooling == mean_pooling;

  words_ = file_.find("token_embd.weight");
  if (words_ == nullptr || words_->columns() != width_ || !words_->widens()) {
    return invalid(tr("Tensor {} is missing or has another width than the model", "token_embd.weight"));
  }
  const GgufTensor* const places = file_.find("position_embd.weight");
  positions_ = places == nullptr ? 0 : places->rows();
  auto position = read("position_embd.weight", positions_, width_);
  if (!position) return tl::unexpected(position.error());
  position_rows_ = std::move(*position);
  if (const GgufTensor* const types = file_.find("token_types.weight"); types != nullptr) {
    const auto type = read("token_types.weight", types->rows(), width_);
    if (!type) return tl::unexpected(type.error());
    for (std::int64_t row = 0; row < positions_; ++row)
      rows::add(type->data(), &position_rows_[static_cast<std::size_t>(row * width_)], width_);
  }
  auto norm = read_norm("token_embd_norm");
  if (!norm) return tl::unexpected(norm.error());
  word_norm_ = std::move(*norm);

  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string block = "blk." + std::to_string(i) + ".";
    auto qkv = read_dense({block + "attn_q", block + "attn_k", block + "attn_v"}, width_, width_);
    if (!qkv) return tl::unexpected(qkv.error());
    auto out = read_dense({block + "attn_output"}, width_, width_);
    if (!out) return tl::unexpected(out.error());
    auto attention_norm = read_norm(block + "attn_output_norm");
    if (!attention_norm) return tl::unexpected(attention_norm.error());
    auto up = read_dense({block + "ffn_up"}, width_, inner_);
    if (!up) return tl::unexpected(up.error());
    auto down = read_dense({block + "ffn_down"}, inner_, width_);
    if (!down) return tl::unexpected(down.error());
    auto out_norm = read_norm(block + "layer_output_norm");
    if (!out_norm) return tl::unexpected(out_norm.error());
    layers_.push_back({std::move(*qkv), std::move(*out), std::move(*attention_norm), std::move(*up), std::move(*down),
                       std::move(*out_norm)});
  }
  return {};
}

Result<void> BertEncoder::check(const Texts& texts) const {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty() || std::cmp_greater(texts[i].size(), positions_)) {
      return fail(ErrorKind::invalid,
                  tr("Text {} has {} tokens, the model takes 1 to {}", i, texts[i].size(), positions_));
    }
    for (const std::int32_t token : texts[i]) {
      if (token < 0 || token >= words_->rows()) {
        return fail(ErrorKind::invalid,
                    tr("Text {} has the token {}, the vocabulary has {}", i, token, words_->rows()));
      }
    }
  }
  return {};
}

Result<void> BertEncoder::look_up(Group& group) const {
  std::vector<float> word;
  float* row = group.x.data();
  for (const std::size_t text : group.texts) {
    const float* place = position_rows_.data();
    for (const std::int32_t token : (*group.tokens)[text]) {
      if (auto done = file_.read(*words_, token, 1, word); !done) return done;
      std::copy(word.begin(), word.end(), row);
      rows::add(place, row, width_);
      rows::layer_norm(row, word_norm_.scale.data(), word_norm_.shift.data(), epsilon_, width_);
      row += width_;
      place += width_;
    }
  }
  return {};
}

/// Each text by itself: `wide` holds queries, keys and values side by side, `narrow` takes the result.
void BertEncoder::attend(Group& group) const {
  const float* qkv = group.wide.data();
  float* out = group.narrow.data();
  for (const std::size_t text : group.texts) {
    const auto tokens = static_cast<std::int64_t>((*group.tokens)[text].size());
    group.attention.run(qkv, out, tokens);
    qkv += tokens * 3 * width_;
    out += tokens * width_;
  }
}

/// `x` to `sum`, some rows after the other: what lies between the two products, four times as wide, stays in the cache.
void BertEncoder::feed_forward(Group& group, const Layer& layer) const {
  const std::int64_t step = rows_at_once(precision_);
  for (std::int64_t row = 0; row < group.rows; row += step) {
    const std::int64_t rows = std::min(step, group.rows - row);
    layer.up.run(group.thread, group.x.data() + row * width_, group.wide.data(), rows);
    rows::gelu(group.wide.data(), rows * inner_);
    layer.down.run(group.thread, group.wide.data(), group.sum.data() + row * width_, rows);
  }
}

void BertEncoder::add_and_norm(Group& group, const float* more, const Norm& norm) const {
  for (std::int64_t row = 0; row < group.rows; ++row) {
    float* const x = group.x.data() + row * width_;
    rows::add(more + row * width_, x, width_);
    rows::layer_norm(x, norm.scale.data(), norm.shift.data(), epsilon_, width_);
  }
}

void BertEncoder::pool(const Group& group, float* vectors) const {
  const float* row = group.x.data();
  for (const std::size_t text : group.texts) {
    float* const vector = vectors + static_cast<std::int64_t>(text) * width_;
    const auto tokens = static_cast<std::int64_t>((*group.tokens)[text].size());
    std::copy(row, row + width_, vector);
    for (std::int64_t i = 1; mean_ && i < tokens; ++i) rows::add(row + i * width_, vector, width_);
    rows::normalize(vector, width_);
    row += tokens * width_;
  }
}

Result<void> BertEncoder::run(Group& group, float* vectors) const {
  group.rows = 0;
  for (const std::size_t text : group.texts) group.rows += static_cast<std::int64_t>((*group.tokens)[text].size());
  const std::int64_t rows = group.rows;
  const std::int64_t padded = padded_rows(rows, precision_);
  const auto floats = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  group.x.assign(floats(padded * width_), 0.0f);
  group.wide.assign(floats(std::max(padded * 3 * width_, rows_at_once(precision_) * inner_)), 0.0f);
  group.narrow.assign(floats((padded + attention_slack) * width_), 0.0f);
  group.sum.assign(floats(padded * width_), 0.0f);
  if (auto done = look_up(group); !done) return done;
  for (const Layer& layer : layers_) {
    layer.qkv.run(group.thread, group.x.data(), group.wide.data(), rows);
    attend(group);
    layer.attention_out.run(group.thread, group.narrow.data(), group.sum.data(), rows);
    add_and_norm(group, group.sum.data(), layer.attention_norm);
    feed_forward(group, layer);
    add_and_norm(group, group.sum.data(), layer.out_norm);
  }
  pool(group, vectors);
  return {};
}

/// Which texts go through the layers together, none of these groups empty. Longest text first.
std::vector<std::vector<std::size_t>> BertEncoder::divide(const Texts& texts, int threads) const {
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return texts[a].size() > texts[b].size(); });
  std::vector<std::vector<std::size_t>> groups;
  if (batching_ == Batching::alone) {
    for (const std::size_t text : order) groups.push_back({text});
    return groups;
  }
  std::int64_t tokens = 0;
  for (const auto& text : texts) tokens += static_cast<std::int64_t>(text.size());
  // A multiple of the threads, so that they end together: each text to the group with the fewest tokens.
  const std::int64_t each = static_cast<std::int64_t>(threads) * group_tokens(precision_);
  groups.resize(static_cast<std::size_t>(threads * std::max<std::int64_t>(1, (tokens + each - 1) / each)));
  std::vector<std::size_t> filled(groups.size());
  for (const std::size_t text : order) {
    const auto lightest = static_cast<std::size_t>(std::min_element(filled.begin(), filled.end()) - filled.begin());
    groups[lightest].push_back(text);
    filled[lightest] += texts[text].size();
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

Result<std::vector<float>> BertEncoder::encode(const Texts& texts, int threads) const {
  if (auto done = check(texts); !done) return tl::unexpected(done.error());
  std::vector<std::vector<std::size_t>> groups = divide(texts, threads);
  const std::size_t workers = std::min(groups.size(), static_cast<std::size_t>(threads));
  std::vector<float> vectors(texts.size() * static_cast<std::size_t>(width_));
  std::vector<Result<void>> results(groups.size());
  const auto work = [&](std::size_t first) {
    omp_set_num_threads(1);  // oneDNN's: this program divides texts among its threads, not products
    Group group{Attention(heads_, width_ / heads_, precision_)};
    group.tokens = &texts;
    for (std::size_t i = first; i < groups.size(); i += workers) {
      group.texts = std::move(groups[i]);
      try {
        results[i] = run(group, vectors.data());
      } catch (const std::exception& e) {  // oneDNN's
        results[i] = fail(ErrorKind::internal, tr("Encoding failed: {}", e.what()));
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < workers; ++i) others.emplace_back(work, i);
    if (workers > 0) work(0);
  }
  for (const auto& result : results) {
    if (!result) return tl::unexpected(result.error());
  }
  return vectors;
}

}  // namespace twin::models
