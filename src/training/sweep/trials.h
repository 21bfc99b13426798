// The trials of a sweep: which values each one gets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "training/sweep/sweep_config.h"

namespace twin::training {

/// Dotted keys of TrainConfig and their values as YAML, in the order of the sweep's parameters.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// A grid in the order of the parameters, the last one changing fastest; or sweep.trials different draws, fewer where
/// there are not so many. What a trial draws for a key depends on seed, trial and key alone: another parameter or more
/// trials change nothing of it. The sweep was checked (check_sweep). Throws Fatal (limit) above max_trials.
[[nodiscard]] std::vector<Settings> make_trials(const SweepConfig& sweep);

/// "lr=1e-4 lora.r=8".
[[nodiscard]] std::string to_string(const Settings& settings);

/// The base's settings with those of a trial over them; every error of a key or a value in one Error.
[[nodiscard]] Result<TrainConfig> configure(const TrainConfig& base, const Settings& settings);

}  // namespace twin::training
