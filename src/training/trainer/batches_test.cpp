#include "training/trainer/batches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace twin::training;

namespace {

std::vector<EncodedSample> samples_of(const std::vector<int>& lengths) {
  std::vector<EncodedSample> samples;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    EncodedSample sample;
    sample.line = static_cast<std::int64_t>(i) + 1;
    Sequence sequence;
    for (int k = 0; k < lengths[i]; ++k) sequence.ids.push_back(static_cast<int>(i) * 100 + k);
    sequence.learned = {{std::max(1, lengths[i] / 2), lengths[i]}};
    sample.sequences.push_back(std::move(sequence));
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::vector<std::size_t> flat_sorted(const std::vector<Group>& groups) {
  std::vector<std::size_t> all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  std::sort(all.begin(), all.end());
  return all;
}

std::int64_t size_of(const Group& group, const std::vector<EncodedSample>& samples) {
  std::int64_t size = 0;
  for (const auto i : group) size += samples[i].size();
  return size;
}

const std::vector<int> lengths = {10, 20, 30, 40, 50, 60, 70, 5, 15, 25, 90, 3};

}  // namespace

TEST_CASE("batches: an epoch holds each sample once, in groups within the limit") {
  const auto samples = samples_of(lengths);
  const auto groups = epoch_groups(samples, {0, 100}, 17, 0);
  const auto all = flat_sorted(groups);
  REQUIRE(all.size() == samples.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == i);
  for (const auto& group : groups) CHECK(size_of(group, samples) <= 100);
}

TEST_CASE("batches: the order is a function of seed and epoch") {
  const auto samples = samples_of(lengths);
  CHECK(epoch_groups(samples, {0, 100}, 17, 0) == epoch_groups(samples, {0, 100}, 17, 0));
  CHECK(epoch_groups(samples, {0, 100}, 17, 0) != epoch_groups(samples, {0, 100}, 17, 1));
  CHECK(epoch_groups(samples, {0, 100}, 17, 0) != epoch_groups(samples, {0, 100}, 18, 0));
}

TEST_CASE("batches: a sample longer than a batch stands alone") {
  const auto samples = samples_of({300, 10, 10});
  for (const auto& group : epoch_groups(samples, {0, 100}, 1, 0)) {
    if (size_of(group, samples) > 100) CHECK(group == Group{0});
  }
}

TEST_CASE("batches: epochs may be fractional and max_steps goes on for as long as asked") {
  const auto samples = samples_of(lengths);
  TrainConfig config;
  config.batch_tokens = 100;
  const auto one = epoch_groups(samples, {0, 100}, config.seed, 0).size();
  CHECK(plan_steps(samples, config).size() == one);
  config.epochs = 2.5;
  const auto steps = plan_steps(samples, config);
  CHECK(steps.size() > 2 * one);
  CHECK(steps.size() < 3 * one + 3);
  config.max_steps = 33;
  CHECK(plan_steps(samples, config).size() == 33);
  config.max_steps = 0;
  config.epochs = 0;
  CHECK(plan_steps(samples, config).empty());
  CHECK(plan_steps({}, config).empty());
}

TEST_CASE("batches: parts hold the group, within the limit, one sample each without packing") {
  const auto samples = samples_of(lengths);
  const Group group = {0, 2, 3, 5, 6, 8, 10, 11};
  const auto parts = split_group(group, samples, 100, true);
  CHECK(flat_sorted(parts) == group);
  for (const auto& part : parts) CHECK(size_of(part, samples) <= 100);
  CHECK(parts.size() == 4);  // 318 tokens cannot lie in fewer
  CHECK(split_group(group, samples, 100, false).size() == group.size());
  CHECK(split_group({10}, samples, 50, true).size() == 1);
}

TEST_CASE("batches: a packed batch predicts each answer token from the row before it, inside its sample") {
  const auto samples = samples_of({4, 6});
  const auto batch = pack(Group{1, 0}, samples, 1);
  CHECK(batch.tokens == std::vector<std::int64_t>{100, 101, 102, 103, 104, 105, 0, 1, 2, 3});
  CHECK(batch.lengths == std::vector<std::int64_t>{6, 4});
  CHECK(batch.loss_rows == std::vector<std::int64_t>{2, 3, 4, 7, 8});
  CHECK(batch.loss_targets == std::vector<std::int64_t>{103, 104, 105, 2, 3});
  CHECK(batch.loss_counts == std::vector<std::int64_t>{3, 2});
  CHECK(loss_tokens({1, 0}, samples) == 5);
}

TEST_CASE("batches: rows are filled up by a sample of its own, without loss") {
  const auto samples = samples_of({4, 6});
  const auto batch = pack(Group{1, 0}, samples, 8);
  CHECK(batch.tokens.size() == 16);
  CHECK(batch.lengths == std::vector<std::int64_t>{6, 4, 6});
  CHECK(batch.loss_rows == pack(Group{1, 0}, samples, 1).loss_rows);
  CHECK(pack(Group{0}, samples, 4).lengths.size() == 1);
}

TEST_CASE("batches: a step may be so many samples instead of tokens") {
  const auto samples = samples_of(lengths);
  const auto groups = epoch_groups(samples, {5, 100}, 17, 0);
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].size() == 5);
  CHECK(groups[1].size() == 5);
  CHECK(groups[2].size() == 2);
  CHECK(flat_sorted(groups).size() == samples.size());
}

TEST_CASE("batches: the sequences of a pair lie beside each other, each a sequence of its own") {
  auto samples = samples_of({4, 6, 5});
  samples[0].sequences.push_back(samples[1].sequences[0]);
  CHECK(samples[0].size() == 10);
  const auto batch = pack(Group{2, 0}, samples, 1);
  CHECK(batch.lengths == std::vector<std::int64_t>{5, 4, 6});
  CHECK(batch.loss_counts == std::vector<std::int64_t>{3, 2, 3});
  CHECK(split_group({0, 1, 2}, samples, 8, true).size() == 3);
}
