// How fast this machine trains this model: a few layers of it, measured.
#pragma once

#include <cstdint>
#include <vector>

#include "training/trainer/batches.h"
#include "training/trainer/gguf_reader.h"

namespace twin::training {

/// Seconds as a line: of the rows of a part, or of the slices of its logits.
struct Line {
  double fixed = 0, slope = 0;
  [[nodiscard]] double at(std::int64_t x) const { return fixed + slope * static_cast<double>(x); }
};

/// What the whole model takes, by extrapolation from its first layers.
struct Speed {
  Line learn, infer;                        ///< of all layers, over the rows of a part: both ways, or forward alone
  double learn_slice = 0, infer_slice = 0;  ///< of a slice of logits, with and without gradient
  double update = 0;                        ///< of the optimizer and AdaptedLinear::refresh(), once a step
  double seconds = 0;                       ///< what measuring took
};

/// Loads the first layers of the model (four) with a fresh adapter and computes a part of the job's steps, of the usual
/// size, with one of them and with all, both ways; what a layer adds counts as often as the model has layers. Where
/// there are parts much smaller than that, one of those tells what does not grow with the rows. Each time is a mean of
/// two after one that is not counted, so that the probe costs about as much as a part of a step, or two. `infer`:
/// whether the forward pass alone is measured, too. `parts` must not be empty. Throws Fatal.
[[nodiscard]] Speed measure_speed(const GgufReader& base, const TrainConfig& config, std::int64_t layers, bool infer,
                                  const std::vector<EncodedSample>& samples, std::vector<Group> parts);

/// Full slices of logits that so many loss rows are worth.
[[nodiscard]] double loss_slices(std::int64_t loss_rows);

}  // namespace twin::training
