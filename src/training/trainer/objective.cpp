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

/// KTO's z₀, from the sum over so many samples.
double kl_estimate(double log_ratio, std::size_t samples) {
  return std::max(0.0, log_ratio / static_cast<double>(samples));
}

}  // namespace

double StepLoss::margin() const {
  if (chosen == 0 || rejected == 0) return 0.0;
  return chosen_reward / static_cast<double>(chosen) - rejected_reward / static_cast<double>(rejected);
}

double StepLoss::accuracy() const {
  return pairs == 0 ? 0.0 : static_cast<double>(ranked) / static_cast<double>(pairs);
}

std::array<double, 7> StepLoss::sums() const {
  return {loss,
          chosen_reward,
          rejected_reward,
          static_cast<double>(chosen),
          static_cast<double>(rejected),
          static_cast<double>(pairs),
          static_cast<double>(ranked)};
}

StepLoss StepLoss::of(std::span<const double> sums) {
  return {.loss = sums[0],
          .chosen_reward = sums[1],
          .rejected_reward = sums[2],
          .chosen = static_cast<std::int64_t>(sums[3]),
          .rejected = static_cast<std::int64_t>(sums[4]),
          .pairs = static_cast<std::int64_t>(sums[5]),
          .ranked = static_cast<std::int64_t>(sums[6])};
}

StepFacts Objective::facts(const Group& group, const std::vector<EncodedSample>& samples) const {
  return {.samples = static_cast<std::int64_t>(group.size()), .loss_tokens = loss_tokens(group, samples)};
}

StepLoss Objective::part(const Group& group, const std::vector<EncodedSample>& samples, const StepFacts& facts,
                         const DropoutKey* dropout, bool gradient) const {
  if (before_part) before_part();
  const auto batch = pack(group, samples, model_.row_multiple());
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
  const Group share = share_of(group, samples, world_.rank(), world_.size());
  auto whole = facts(group, samples);
  if (method_.needs_kl()) whole.kl = kl_estimate(world_.sum(mismatched_log_ratio(share, samples)), group.size());
  StepLoss total;
  const auto parts = split_group(share, samples, config_.micro_tokens, config_.packing);
  const auto first_mask = static_cast<std::uint64_t>(world_.rank()) << 32;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const DropoutKey dropout{static_cast<std::uint64_t>(config_.seed), static_cast<std::uint64_t>(step),
                             first_mask + i};
    add(part(parts[i], samples, whole, &dropout, true), total);
  }
  return total;
}

StepLoss Objective::evaluate(const Group& group, const std::vector<EncodedSample>& samples) const {
  auto whole = facts(group, samples);
  if (method_.needs_kl()) whole.kl = kl_estimate(mismatched_log_ratio(group, samples), group.size());
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
    const auto batch = pack(waiting, model_.row_multiple());
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

double Objective::mismatched_log_ratio(const Group& group, const std::vector<EncodedSample>& samples) const {
  std::vector<const Sequence*> mismatched;
  double reference = 0;
  for (const auto index : group) {
    mismatched.push_back(&samples[index].mismatched);
    reference += samples[index].mismatched.reference;
  }
  const auto values = log_probabilities(mismatched);
  return std::accumulate(values.begin(), values.end(), 0.0) - reference;
}

}  // namespace twin::training
