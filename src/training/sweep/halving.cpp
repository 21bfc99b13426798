#include "training/sweep/halving.h"

#include <algorithm>

namespace twin::training {
namespace {

constexpr std::size_t largest_power = 1'000'000;  // no run has more steps

}  // namespace

std::vector<double> rung_budgets(std::size_t trials, int eta, double min_budget) {
  std::vector<double> budgets = {1};
  if (eta <= 1) return budgets;
  // Whole powers, so that a budget is the same number on every machine.
  for (std::size_t power = static_cast<std::size_t>(eta);; power *= static_cast<std::size_t>(eta)) {
    const double budget = 1.0 / static_cast<double>(power);
    const bool enough = min_budget > 0 ? budget >= min_budget : power <= trials;
    if (!enough || power > largest_power) break;
    budgets.insert(budgets.begin(), budget);
  }
  return budgets;
}

std::size_t promoted(std::size_t trials, int eta) {
  return std::max<std::size_t>(1, trials / static_cast<std::size_t>(std::max(1, eta)));
}

std::vector<std::size_t> best_of(std::vector<Score> scores, std::size_t count) {
  std::sort(scores.begin(), scores.end(),
            [](const Score& a, const Score& b) { return a.value != b.value ? a.value < b.value : a.trial < b.trial; });
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < std::min(count, scores.size()); ++i) best.push_back(scores[i].trial);
  return best;
}

double whole_runs(std::size_t trials, int eta, const std::vector<double>& budgets) {
  double runs = 0, before = 0;
  for (const double budget : budgets) {
    runs += static_cast<double>(trials) * (budget - before);
    before = budget;
    trials = promoted(trials, eta);
  }
  return runs;
}

}  // namespace twin::training
