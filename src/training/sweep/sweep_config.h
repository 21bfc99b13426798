// What `twin train --sweep` is told: which settings differ between trials, how they are chosen, and how early a bad
// trial ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "training/train_job.h"

namespace twin::training {

/// One setting of TrainConfig by its dotted key, and the values it may take: a list, or a range that is drawn from.
struct SweepParameter {
  std::string key;
  std::vector<std::string> choice;       ///< YAML texts: "1e-4", "[q_proj, v_proj]"
  std::vector<std::string> uniform;      ///< lowest and highest
  std::vector<std::string> log_uniform;  ///< the same; the logarithm is drawn evenly
  bool whole = false;                    ///< what is drawn becomes a whole number
  void bind(config::Binder& b);
};

struct SweepConfig {
  std::string search = "grid";  ///< grid | random
  int trials = 0;               ///< random: how many; grid: 0, all of it
  std::int64_t seed = 17;       ///< of what is drawn
  int eta = 3;                  ///< one of so many trials goes on at each rung; 1: all go on to the end
  double min_budget = 0;        ///< share of a whole run that every trial gets; 0: by the number of trials
  int max_trials = 256;         ///< a larger grid is refused
  /// eval_loss | reward_accuracy (pairs only): by which trials are compared.
  std::string metric = "eval_loss";
  std::vector<SweepParameter> parameters;
  void bind(config::Binder& b);
};

/// `argument` names a YAML file, or is the short form of a grid: words "key=value,value" divided by blanks; "search",
/// "trials", "eta", "min_budget" and "metric" with one value are those of the sweep. Throws Fatal (usage) with all
/// errors of the file, or check_sweep()'s.
[[nodiscard]] SweepConfig read_sweep(const std::string& argument);

/// Refuses what cannot be compared or drawn: no parameter, a key named twice, none or several kinds of values, a range
/// that is none, a range in a grid, and settings that change what the validation loss means (the method, what becomes
/// of long samples, the strength of a preference unless reward_accuracy compares).
[[nodiscard]] Result<void> check_sweep(const SweepConfig& sweep);

}  // namespace twin::training
