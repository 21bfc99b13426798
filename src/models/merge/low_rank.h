// Adding a LoRA update to rows of a weight.
#pragma once

#include "models/merge/lora.h"

namespace twin::models {

/// `values`: `count` rows of W [update.outputs, update.inputs] from row `first` on, in float32; becomes those of
/// W + scale·B·A, and of DoRA with its magnitudes. On all cores; each row is computed by one thread in a fixed order,
/// so the bytes do not depend on their number.
void add_low_rank(const LowRankUpdate& update, std::int64_t first, std::int64_t count, float* values);

}  // namespace twin::models
