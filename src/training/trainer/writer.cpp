#include "training/trainer/writer.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/split_mix.h"

namespace twin::training {
namespace {

/// In [0, 1), by the number of the answer and of its token.
double draw_for(std::uint64_t seed, std::uint64_t answer, std::uint64_t token) {
  return static_cast<double>(split_mix(seed + split_mix_step * ((answer << 32) + token)) >> 11) * 0x1p-53;
}

/// The token of softmax(logits / temperature) in which a share of its mass ends.
std::int64_t token_at(const float* logits, std::int64_t count, double temperature, double share) {
  const double highest = *std::max_element(logits, logits + count);
  std::vector<double> sums;
  sums.reserve(static_cast<std::size_t>(count));
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sums.push_back(sum += std::exp((logits[i] - highest) / temperature));
  return std::min(count - 1, std::upper_bound(sums.begin(), sums.end(), share * sum) - sums.begin());
}

class Writer {
 public:
  Writer(const Transformer& model, const WriteOptions& options, const std::function<void()>& before_token,
         std::size_t answers)
      : model_(model), options_(options), before_token_(before_token), answers_(answers) {}

  std::vector<WrittenTokens> write(const std::vector<std::vector<std::int32_t>>& prompts) {
    for (std::size_t i = 0; i < prompts.size(); ++i) begin(i, prompts[i]);
    while (!going_.empty()) {
      if (before_token_) before_token_();
      std::vector<std::int64_t> tokens;
      tokens.reserve(going_.size());
      for (const std::size_t answer : going_) tokens.push_back(answers_[answer].ids.back());
      take(model_.logits(model_.read_next(tokens, pasts_)));
    }
    return std::move(answers_);
  }

 private:
  void begin(std::size_t answer, const std::vector<std::int32_t>& prompt) {
    if (before_token_) before_token_();
    const auto size = static_cast<std::int64_t>(prompt.size());
    const auto context = model_.shape().context;
    const auto room = context > 0 ? std::min(options_.max_tokens, context - size) : options_.max_tokens;
    limits_.push_back(std::max<std::int64_t>(0, room));
    if (limits_.back() == 0) return;
    auto past = model_.make_past(size + room);
    const auto logits = model_.logits(model_.read_prompt(prompt, past));
    if (!add(answer, logits.const_data_ptr<float>())) return;
    going_.push_back(answer);
    pasts_.push_back(std::move(past));
  }

  /// The next token of each that goes on; those that are done leave.
  void take(const at::Tensor& logits) {
    std::vector<std::size_t> going;
    std::vector<Past> pasts;
    for (std::size_t i = 0; i < going_.size(); ++i) {
      if (!add(going_[i], logits.const_data_ptr<float>() + static_cast<std::int64_t>(i) * logits.size(1))) continue;
      going.push_back(going_[i]);
      pasts.push_back(std::move(pasts_[i]));
    }
    going_ = std::move(going);
    pasts_ = std::move(pasts);
  }

  /// Whether the answer goes on.
  bool add(std::size_t answer, const float* logits) {
    WrittenTokens& written = answers_[answer];
    const auto token = choose(answer, written.ids.size(), logits);
    written.ended = std::count(options_.ends.begin(), options_.ends.end(), token) > 0;
    if (!written.ended) written.ids.push_back(token);
    return !written.ended && static_cast<std::int64_t>(written.ids.size()) < limits_[answer];
  }

  [[nodiscard]] std::int64_t choose(std::size_t answer, std::size_t position, const float* logits) const {
    const auto count = model_.shape().vocabulary;
    if (options_.temperature <= 0) return std::max_element(logits, logits + count) - logits;
    return token_at(logits, count, options_.temperature, draw_for(options_.seed, answer, position));
  }

  const Transformer& model_;
  const WriteOptions& options_;
  const std::function<void()>& before_token_;
  std::vector<WrittenTokens> answers_;
  std::vector<std::int64_t> limits_;  ///< tokens that each may have
  std::vector<std::size_t> going_;    ///< answers that are not done
  std::vector<Past> pasts_;           ///< theirs
};

}  // namespace

std::vector<WrittenTokens> write_answers(const Transformer& model,
                                         const std::vector<std::vector<std::int32_t>>& prompts,
                                         const WriteOptions& options, const std::function<void()>& before_token) {
  return Writer(model, options, before_token, prompts.size()).write(prompts);
}

}  // namespace twin::training
