// Which samples make up each optimizer step, and how they lie in one packed batch.
#pragma once

#include <cstdint>
#include <vector>

#include "training/train_job.h"
#include "training/trainer/samples.h"
#include "training/trainer/transformer.h"

namespace twin::training {

/// Indices of samples.
using Group = std::vector<std::size_t>;

/// How many samples make a step.
struct StepLimit {
  std::int64_t samples = 0;  ///< 0: by tokens
  std::int64_t tokens = 0;
};

/// The groups of one epoch: samples in an order drawn from (seed, epoch), filled up to the limit one after another.
/// A sample that is longer than a limit of tokens stands alone.
[[nodiscard]] std::vector<Group> epoch_groups(const std::vector<EncodedSample>& samples, StepLimit limit,
                                              std::int64_t seed, std::int64_t epoch);

/// Every step of a run, in order: a pure function of its arguments, so that a step number is the whole position in the
/// data. Epochs may be fractional; max_steps > 0 sets the number of steps instead.
[[nodiscard]] std::vector<Group> plan_steps(const std::vector<EncodedSample>& samples, const TrainConfig& config);

/// Splits a step into parts that are computed at once: at most micro_tokens each (one sample may exceed it), one
/// sample each without packing. Samples are sorted by length so that parts are evenly full; the sequences of a sample
/// stay together.
[[nodiscard]] std::vector<Group> split_group(const Group& group, const std::vector<EncodedSample>& samples,
                                             std::int64_t micro_tokens, bool packing);

/// The samples of a step that one of several processes computes: longest first, each to the process with the fewest
/// tokens so far. Shares are disjoint and together the group; one may be empty.
[[nodiscard]] Group share_of(const Group& group, const std::vector<EncodedSample>& samples, int rank, int ranks);

/// The sequences of the group's samples one after another, filled up to a multiple of rows (Transformer::row_multiple)
/// by a sequence without loss.
[[nodiscard]] PackedBatch pack(const Group& group, const std::vector<EncodedSample>& samples, std::int64_t multiple);
[[nodiscard]] PackedBatch pack(const std::vector<const Sequence*>& sequences, std::int64_t multiple);
[[nodiscard]] std::int64_t loss_tokens(const Group& group, const std::vector<EncodedSample>& samples);

}  // namespace twin::training
