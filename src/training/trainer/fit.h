// Which samples can be learned: what is too long is dropped, split or kept, by a named policy; nothing is lost
// silently.
#pragma once

#include <string>
#include <vector>

#include "training/trainer/samples.h"

namespace twin::training {

struct DroppedSample {
  std::int64_t line = 0;
  std::int64_t tokens = 0;  ///< of its longest sequence
  std::string reason;
};

struct FittedSamples {
  std::vector<EncodedSample> samples;
  std::vector<DroppedSample> dropped;
};

/// `policy`: drop, split or keep (TrainConfig::too_long, resolved). An answer is learned whole or not at all: cutting
/// it would teach the model to stop in mid-sentence. Texts may be split: pieces overlap by one token, so that each
/// token but the first is predicted once. Samples without a token to predict are dropped.
[[nodiscard]] FittedSamples fit_samples(std::vector<EncodedSample> all, std::int64_t max_length,
                                        const std::string& policy);

/// `count` of the samples in their order, at equal distances, so that they stand for all of them; all when `count` is 0
/// or there are no more.
[[nodiscard]] std::vector<EncodedSample> spread_over(std::vector<EncodedSample> all, std::size_t count);

}  // namespace twin::training
