#include "evaluation/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "evaluation/random.h"

namespace twin::evaluation {

namespace {

/// Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996). `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

void add(std::vector<double>& sums, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

bool finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

/// The estimate, without its interval, and the statistic of each resample, sorted.
struct Resampled {
  Estimate estimate;
  std::vector<double> results;
};

Resampled resample(const std::vector<Observation>& observations, const Statistic& statistic,
                   const BootstrapOptions& options) {
  std::map<std::string, std::vector<double>> by_cluster;  // sorted: independent of the order of observations
  std::vector<double> total;
  Estimate estimate;
  for (const Observation& observation : observations) {
    if (!finite(observation.values)) continue;
    total.resize(observation.values.size());
    auto& sums = by_cluster[observation.cluster];
    sums.resize(observation.values.size());
    add(sums, observation.values);
    add(total, observation.values);
    ++estimate.n;
  }
  const double point = estimate.n > 0 ? statistic(total) : std::nan("");
  if (!std::isfinite(point)) return {};
  estimate.mean = estimate.low = estimate.high = point;
  estimate.clusters = static_cast<int>(by_cluster.size());
  if (by_cluster.size() < 2 || options.resamples < 1) return {estimate, {}};

  std::vector<const std::vector<double>*> clusters;
  clusters.reserve(by_cluster.size());
  for (const auto& [id, sums] : by_cluster) clusters.push_back(&sums);
  std::mt19937_64 random(static_cast<std::uint64_t>(options.seed));
  std::vector<double> results, sums(total.size());
  for (int i = 0; i < options.resamples; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t k = 0; k < clusters.size(); ++k) add(sums, *clusters[draw(random, clusters.size())]);
    const double result = statistic(sums);
    if (std::isfinite(result)) results.push_back(result);
  }
  std::sort(results.begin(), results.end());
  return {estimate, std::move(results)};
}

Estimate with_interval(Estimate estimate, const std::vector<double>& results, const BootstrapOptions& options) {
  if (results.empty()) return estimate;
  const double tail = (1.0 - options.confidence) / 2;
  const double shift = options.recentre ? estimate.mean - quantile(results, 0.5) : 0.0;
  estimate.low = quantile(results, tail) + shift;
  estimate.high = quantile(results, 1.0 - tail) + shift;
  return estimate;
}

Resampled resample_mean(const std::vector<Measured>& items, const BootstrapOptions& options) {
  std::vector<Observation> observations;
  observations.reserve(items.size());
  for (const Measured& item : items) observations.push_back({item.cluster, {item.value, 1.0}});
  return resample(
      observations, [](std::span<const double> sums) { return sums[0] / sums[1]; }, options);
}

}  // namespace

Estimate bootstrap(const std::vector<Observation>& observations, const Statistic& statistic,
                   const BootstrapOptions& options) {
  const Resampled resampled = resample(observations, statistic, options);
  return with_interval(resampled.estimate, resampled.results, options);
}

Estimate bootstrap_mean(const std::vector<Measured>& items, const BootstrapOptions& options) {
  const Resampled resampled = resample_mean(items, options);
  return with_interval(resampled.estimate, resampled.results, options);
}

PairedDifference paired_bootstrap(const std::vector<Measured>& differences, const BootstrapOptions& options) {
  const Resampled resampled = resample_mean(differences, options);
  const std::vector<double>& results = resampled.results;
  const double seen = std::abs(resampled.estimate.mean);
  PairedDifference paired{with_interval(resampled.estimate, results, options), 1};
  const bool differs =
      std::any_of(differences.begin(), differences.end(), [](const Measured& item) { return item.value != 0; });
  if (results.empty() || !differs) return paired;
  // A little less than what was seen counts as much: sums of the same numbers in another order differ in the last bits.
  const auto extreme = std::count_if(results.begin(), results.end(), [&](double result) {
    return std::abs(result - resampled.estimate.mean) >= seen * (1 - 1e-12);
  });
  // The sample itself is one of the ways it may come out (Davison and Hinkley 1997, section 4.2.1): never 0.
  paired.p = static_cast<double>(extreme + 1) / static_cast<double>(results.size() + 1);
  return paired;
}

double sign_test(int wins, int losses) {
  const double n = static_cast<double>(wins) + losses;
  const int fewer = std::min(wins, losses);
  double log_term = -n * std::log(2.0);  // of (n choose i) / 2^n
  double tail = 0;
  for (int i = 0; i <= fewer; ++i) {
    tail += std::exp(log_term);
    log_term += std::log((n - i) / (i + 1.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace twin::evaluation
