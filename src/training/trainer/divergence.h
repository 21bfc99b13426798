// Why a step came to something that is not a number.
#pragma once

#include <filesystem>

#include "training/trainer/learner.h"

namespace twin::training {

/// Throws Fatal(invalid), which says what is not finite, where (layer, lines of `data`), and what to do. `outcome` is
/// that of the step, of the samples of `group`.
[[noreturn]] void report_divergence(const Learner& learner, const LearnedStep& outcome, std::int64_t step,
                                    const Group& group, const std::vector<EncodedSample>& samples,
                                    const std::filesystem::path& data);

}  // namespace twin::training
