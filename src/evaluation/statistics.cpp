#include "evaluation/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace twin::evaluation {

namespace {

/// Uniform in [0, size). std::uniform_int_distribution differs between standard libraries; this does not.
/// The bias of the multiplication is below size / 2^64.
std::size_t draw(std::mt19937_64& random, std::size_t size) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((static_cast<Wide>(random()) * size) >> 64);
}

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

}  // namespace

Estimate bootstrap(const std::vector<Observation>& observations, const Statistic& statistic,
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
  if (by_cluster.size() < 2 || options.resamples < 1) return estimate;

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
  if (results.empty()) return estimate;
  std::sort(results.begin(), results.end());
  const double tail = (1.0 - options.confidence) / 2;
  const double shift = options.recentre ? point - quantile(results, 0.5) : 0.0;
  estimate.low = quantile(results, tail) + shift;
  estimate.high = quantile(results, 1.0 - tail) + shift;
  return estimate;
}

Estimate bootstrap_mean(const std::vector<Measured>& items, const BootstrapOptions& options) {
  std::vector<Observation> observations;
  observations.reserve(items.size());
  for (const Measured& item : items) observations.push_back({item.cluster, {item.value, 1.0}});
  return bootstrap(
      observations, [](std::span<const double> sums) { return sums[0] / sums[1]; }, options);
}

}  // namespace twin::evaluation
