// Successive halving (Jamieson & Talwalkar 2016; the rungs are those of ASHA, Li et al. 2020): all trials get a small
// budget, the best of them eta times as much, and so on until one gets a whole run.
#pragma once

#include <cstddef>
#include <vector>

namespace twin::training {

/// Budgets of the rungs as shares of a whole run, rising by eta; the last is 1. The first is eta^-k for the largest k
/// that leaves it at least min_budget; where that is 0, for the largest k with eta^k ≤ trials, so that about one trial
/// is left for the whole run. eta 1: one rung.
[[nodiscard]] std::vector<double> rung_budgets(std::size_t trials, int eta, double min_budget);

/// How many of the trials at a rung go on to the next: ⌊trials / eta⌋, at least one.
[[nodiscard]] std::size_t promoted(std::size_t trials, int eta);

/// One trial's place in a comparison.
struct Score {
  std::size_t trial = 0;
  double value = 0;  ///< lower is better
};
/// The `count` best trials, best first; of equal ones the one with the lower number.
[[nodiscard]] std::vector<std::size_t> best_of(std::vector<Score> scores, std::size_t count);

/// What the rungs take, in whole runs: each trial pays what a rung adds to the one before.
[[nodiscard]] double whole_runs(std::size_t trials, int eta, const std::vector<double>& budgets);

}  // namespace twin::training
