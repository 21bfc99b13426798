// A sweep: trials of one training job that differ in some settings, early-stopped by successive halving. What each
// trial reached at each rung is kept in OUT/sweep.json; the decisions follow from that alone, so the same call goes on
// after a crash, and tries again what failed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "training/sweep/trials.h"

namespace twin::training {

/// What a trial reached at one rung.
struct TrialRung {
  double budget = 0;  ///< share of a whole run
  TrainResult result;
};

struct Trial {
  std::size_t number = 0;  ///< from 1; names the folder OUT/trials/NNN
  Settings settings;
  TrainConfig config;            ///< the job's, with the settings
  std::vector<TrialRung> rungs;  ///< as far as it came
  std::optional<Error> failure;  ///< why it came no further
};

struct Sweep {
  std::string key;  ///< of the job and the sweep: all that results depend on
  std::string metric;
  std::vector<double> budgets;           ///< of the rungs
  std::vector<Trial> trials;             ///< by number
  std::optional<std::size_t> best = {};  ///< index of the trial that won the last rung
  [[nodiscard]] std::size_t failures() const;
};

struct SweepHooks {
  /// Trains up to job.budget, going on from what is in job.out; run_training() in real life.
  std::function<Result<TrainResult>(const TrainJob& job, const Trial& trial)> train;
  /// A trial passed a rung or failed at it. `reused`: the result is of an earlier call.
  std::function<void(const Trial& trial, std::size_t rung, bool reused)> passed = {};
};

/// Folder of a trial; of the sweep's out folder.
[[nodiscard]] std::filesystem::path trial_folder(const std::filesystem::path& out, std::size_t number);

/// Trials and rungs, nothing trained. Throws Fatal: settings that the job refuses, no validation data, files that
/// cannot be read.
[[nodiscard]] Sweep plan_sweep(const TrainJob& job, const SweepConfig& sweep);

/// Trains them. Each trial is a run in OUT/trials/NNN, all share OUT/cache. The schedule of a trial is laid over its
/// whole run, so a promoted trial goes on from its checkpoint, and the winner's adapter is that of the same job trained
/// in one go; it is put into OUT as `twin train` would leave it. A failed trial is passed over, the next best takes its
/// place. Errors: ErrorKind::cancelled when a trial was stopped (the same call goes on), the first failure when no
/// trial is left, ErrorKind::usage when another sweep is in OUT.
[[nodiscard]] Result<Sweep> run_sweep(const TrainJob& job, const SweepConfig& config, const SweepHooks& hooks);

/// What compares trials, lower is better.
[[nodiscard]] double score_of(const TrainResult& result, const std::string& metric);

/// What a trial reached with this budget; null where it did not come so far.
[[nodiscard]] const TrainResult* result_at(const Trial& trial, double budget);

/// Trials from best to worst: the further a trial came, then by what it reached there, then by number; the failed last.
[[nodiscard]] std::vector<std::size_t> ranking(const Sweep& sweep);

/// {"key","metric","budgets","best","trials":[{"trial","settings","rungs":[{"budget","result"}],"failure"}]}, all
/// results by bind().
[[nodiscard]] Json to_json(const Sweep& sweep);

}  // namespace twin::training
