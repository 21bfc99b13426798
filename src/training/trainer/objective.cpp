#include "training/trainer/objective.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <numeric>

namespace twin::training {
namespace {

/// Σ log p per sequence, from the values of the batch's loss rows.
std::vector<double> sum_by_sequence(const PackedBatch& batch, const std::vector<double>& nll) {
  std::vector<double> sums;
  auto at = nll.begin();
  for (const auto count : batch.loss_counts) {
    sums.push_back(-std::accumulate(at, at + count, 0.0));
    at += count;
  }
  return sums;
}

/// Multiplies the rows of each sequence by minus its slope: their gradients are those of −log p.
void apply_slopes(const PackedBatch& batch, const std::vector<double>& slopes, at::Tensor dhidden) {
  auto factors = at::zeros({dhidden.size(0), 1}, at::kFloat);
  auto* values = factors.data_ptr<float>();
  std::int64_t row = 0;
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    std::fill_n(values + row, batch.lengths[i], static_cast<float>(-slopes[i]));
    row += batch.lengths[i];
  }
  dhidden.mul_(factors);
}

void add_rewards(const SampleLoss& sample, StepLoss& total) {
  total.chosen_reward += sample.chosen_reward;
  total.rejected_reward += sample.rejected_reward;
  total.chosen += sample.chosen;
  total.rejected += sample.rejected;
  if (sample.chosen + sample.rejected < 2) return;
  ++total.pairs;
  total.ranked += sample.chosen_reward > sample.rejected_reward ? 1 : 0;
}

void add(const StepLoss& part, StepLoss& total) {
  total.loss += part.loss;
  total.chosen_reward += part.chosen_reward;
  total.rejected_reward += part.rejected_reward;
  total.chosen += part.chosen;
  total.rejected += part.rejected;
  total.pairs += part.pairs;
  total.ranked += part.ranked;
}

}  // namespace

double StepLoss::margin() const {
  if (chosen == 0 || rejected == 0) return 0.0;
  return chosen_reward / static_cast<double>(chosen) - rejected_reward / static_cast<double>(rejected);
}

double StepLoss::accuracy() const {
  return pairs == 0 ? 0.0 : static_cast<double>(ranked) / static_cast<double>(pairs);
}

StepFacts Objective::facts(const Group& group, const std::vector<EncodedSample>& samples) const {
  StepFacts facts{.samples = static_cast<std::int64_t>(group.size()), .loss_tokens = loss_tokens(group, samples)};
  if (method_.needs_kl()) facts.kl = kl_estimate(group, samples);
  return facts;
}

StepLoss Objective::part(const Group& group, const std::vector<EncodedSample>& samples, const StepFacts& facts,
                         const DropoutKey* dropout, bool gradient) const {
  if (before_part) before_part();
  const auto batch = pack(group, samples);
  Transformer::Tape tape;
  at::Tensor dhidden;
  const auto hidden = model_.forward(batch, gradient ? &tape : nullptr, dropout);
  const auto scores = sum_by_sequence(batch, model_.loss(hidden, batch, gradient ? &dhidden : nullptr));

  StepLoss total;
  std::vector<double> slopes;
  for (const auto index : group) {
    const auto& sample = samples[index];
    std::vector<AnswerScore> answers;
    for (const auto& sequence : sample.sequences) {
      answers.push_back({scores[slopes.size() + answers.size()], sequence.loss_tokens(), sequence.reference});
    }
    const auto loss = method_.loss(answers, sample.desirable, facts);
    total.loss += loss.loss;
    add_rewards(loss, total);
    slopes.insert(slopes.end(), loss.slopes.begin(), loss.slopes.end());
  }
  if (gradient) {
    apply_slopes(batch, slopes, dhidden);
    model_.backward(tape, dhidden);
  }
  return total;
}

StepLoss Objective::learn(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t step) const {
  const auto whole = facts(group, samples);
  StepLoss total;
  const auto parts = split_group(group, samples, config_.micro_tokens, config_.packing);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const DropoutKey dropout{static_cast<std::uint64_t>(config_.seed), static_cast<std::uint64_t>(step), i};
    add(part(parts[i], samples, whole, &dropout, true), total);
  }
  return total;
}

StepLoss Objective::evaluate(const Group& group, const std::vector<EncodedSample>& samples) const {
  const auto whole = facts(group, samples);
  StepLoss total;
  for (const auto& one : split_group(group, samples, config_.micro_tokens, config_.packing))
    add(part(one, samples, whole, nullptr, false), total);
  return total;
}

std::vector<double> Objective::log_probabilities(const std::vector<const Sequence*>& sequences) const {
  std::vector<double> result;
  std::vector<const Sequence*> waiting;
  std::int64_t size = 0;
  const auto compute = [&] {
    if (waiting.empty()) return;
    if (before_part) before_part();
    const auto batch = pack(waiting);
    const auto scores = sum_by_sequence(batch, model_.loss(model_.forward(batch, nullptr), batch, nullptr));
    result.insert(result.end(), scores.begin(), scores.end());
    waiting.clear();
    size = 0;
  };
  for (const auto* sequence : sequences) {
    if (!config_.packing || size + sequence->size() > config_.micro_tokens) compute();
    waiting.push_back(sequence);
    size += sequence->size();
  }
  compute();
  return result;
}

double Objective::kl_estimate(const Group& group, const std::vector<EncodedSample>& samples) const {
  std::vector<const Sequence*> mismatched;
  double reference = 0;
  for (const auto index : group) {
    mismatched.push_back(&samples[index].mismatched);
    reference += samples[index].mismatched.reference;
  }
  const auto values = log_probabilities(mismatched);
  const double difference = std::accumulate(values.begin(), values.end(), 0.0) - reference;
  return std::max(0.0, difference / static_cast<double>(group.size()));
}

}  // namespace twin::training
