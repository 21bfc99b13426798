#include "training/trainer/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/split_mix.h"

namespace twin::training {
namespace {

/// SplitMix64: the same numbers with every standard library, unlike std::shuffle.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    const std::uint64_t number = split_mix(state_);
    state_ += split_mix_step;
    return number;
  }

 private:
  std::uint64_t state_;
};

Group longest_first(Group group, const std::vector<EncodedSample>& samples) {
  std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(samples[b].size(), a) < std::pair(samples[a].size(), b);
  });
  return group;
}

}  // namespace

std::vector<Group> epoch_groups(const std::vector<EncodedSample>& samples, StepLimit limit, std::int64_t seed,
                                std::int64_t epoch) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(Random(static_cast<std::uint64_t>(seed)).next() + static_cast<std::uint64_t>(epoch));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);

  std::vector<Group> groups;
  std::int64_t used = 0;
  for (const auto index : order) {
    const auto size = samples[index].size();
    const bool full = limit.samples > 0 ? used == limit.samples : used + size > limit.tokens;
    if (groups.empty() || full) {
      groups.emplace_back();
      used = 0;
    }
    groups.back().push_back(index);
    used += limit.samples > 0 ? 1 : size;
  }
  return groups;
}

std::vector<Group> plan_steps(const std::vector<EncodedSample>& samples, const TrainConfig& config) {
  std::vector<Group> steps;
  if (samples.empty()) return steps;
  const auto whole = static_cast<std::int64_t>(std::floor(config.epochs));
  for (std::int64_t epoch = 0;; ++epoch) {
    auto groups = epoch_groups(samples, {config.batch_size, config.batch_tokens}, config.seed, epoch);
    if (config.max_steps > 0) {
      const auto missing = static_cast<std::size_t>(config.max_steps) - steps.size();
      if (groups.size() > missing) groups.resize(missing);
    } else if (epoch >= whole) {
      const double share = epoch == whole ? config.epochs - static_cast<double>(whole) : 0.0;
      groups.resize(static_cast<std::size_t>(std::ceil(share * static_cast<double>(groups.size()))));
    }
    if (groups.empty()) return steps;
    std::move(groups.begin(), groups.end(), std::back_inserter(steps));
  }
}

Group share_of(const Group& group, const std::vector<EncodedSample>& samples, int rank, int ranks) {
  if (ranks == 1) return group;
  std::vector<std::int64_t> used(static_cast<std::size_t>(ranks));
  Group share;
  for (const auto index : longest_first(group, samples)) {
    const auto least = std::min_element(used.begin(), used.end());
    *least += samples[index].size();
    if (least - used.begin() == rank) share.push_back(index);
  }
  return share;
}

std::vector<Group> split_group(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t micro_tokens,
                               bool packing) {
  const Group sorted = longest_first(group, samples);
  // First fit decreasing.
  std::vector<Group> parts;
  std::vector<std::int64_t> used;
  for (const auto index : sorted) {
    const auto size = samples[index].size();
    std::size_t at = packing ? 0 : parts.size();
    while (at < parts.size() && used[at] + size > micro_tokens) ++at;
    if (at == parts.size()) {
      parts.emplace_back();
      used.push_back(0);
    }
    parts[at].push_back(index);
    used[at] += size;
  }
  return parts;
}

PackedBatch pack(const std::vector<const Sequence*>& sequences, std::int64_t multiple) {
  PackedBatch batch;
  for (const auto* sequence : sequences) {
    const auto offset = static_cast<std::int64_t>(batch.tokens.size());
    batch.tokens.insert(batch.tokens.end(), sequence->ids.begin(), sequence->ids.end());
    batch.lengths.push_back(sequence->size());
    batch.loss_counts.push_back(sequence->loss_tokens());
    for (const auto& span : sequence->learned) {
      for (std::int64_t i = span.begin; i < span.end; ++i) {
        batch.loss_rows.push_back(offset + i - 1);
        batch.loss_targets.push_back(sequence->ids[static_cast<std::size_t>(i)]);
      }
    }
  }
  const auto rows = static_cast<std::int64_t>(batch.tokens.size());
  if (const auto fill = (multiple - rows % multiple) % multiple; fill > 0) {
    batch.tokens.resize(static_cast<std::size_t>(rows + fill), 0);
    batch.lengths.push_back(fill);
  }
  return batch;
}

PackedBatch pack(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t multiple) {
  std::vector<const Sequence*> sequences;
  for (const auto index : group) {
    for (const auto& sequence : samples[index].sequences) sequences.push_back(&sequence);
  }
  return pack(sequences, multiple);
}

std::int64_t loss_tokens(const Group& group, const std::vector<EncodedSample>& samples) {
  std::int64_t count = 0;
  for (const auto index : group) count += samples[index].loss_tokens();
  return count;
}

}  // namespace twin::training
