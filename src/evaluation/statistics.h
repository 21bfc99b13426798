// Estimates with confidence intervals by bootstrap over documents.
//
// Questions of one document are not independent: resampling single questions would give intervals that are too narrow
// (E. Miller, "Adding Error Bars to Evals", arXiv 2411.00640). Whole documents are resampled instead (cluster
// bootstrap), and the interval is the percentile interval (Efron and Tibshirani, "An Introduction to the Bootstrap",
// 1993, chapter 13).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace twin::evaluation {

/// A value with its 95 % interval. Without two documents there is no interval: low == high == mean.
struct Estimate {
  double mean = 0, low = 0, high = 0;
  int n = 0;         ///< items measured; 0: nothing is known, the numbers mean nothing
  int clusters = 0;  ///< documents they come from
  [[nodiscard]] bool measured() const { return n > 0; }
  [[nodiscard]] bool has_interval() const { return clusters > 1; }
};

struct BootstrapOptions {
  int resamples = 2000;
  std::int64_t seed = 17;
  double confidence = 0.95;
  /// For statistics that any noise pushes up, such as distances between frequency profiles: a resample is noisier than
  /// the sample, so the interval is shifted until its median is the estimate.
  bool recentre = false;
};

/// One measured item: additive numbers, the same count for all items.
struct Observation {
  std::string cluster;  ///< document id
  std::vector<double> values;
};

/// A statistic of the sums of all items' values: a mean is sums[0] / sums[1] with values {x, 1}.
using Statistic = std::function<double(std::span<const double> sums)>;

/// Observations with a value that is not finite are left out. Deterministic for the same observations and seed.
[[nodiscard]] Estimate bootstrap(const std::vector<Observation>& observations, const Statistic& statistic,
                                 const BootstrapOptions& options = {});

struct Measured {
  std::string cluster;
  double value = 0;
};
[[nodiscard]] Estimate bootstrap_mean(const std::vector<Measured>& items, const BootstrapOptions& options = {});

/// Two systems measured on the same items.
struct PairedDifference {
  Estimate difference;  ///< mean of the differences, with its interval
  /// Two-sided: how often a difference at least as large comes out where there is none, by resampling the differences
  /// moved to mean 0 (Efron and Tibshirani 1993, chapter 16; for rankings: Smucker et al., CIKM 2007). 1 where nothing
  /// can be said: fewer than two documents, or no item that differs.
  double p = 1;
};
/// `differences`: of each item, the second system's value less the first one's.
[[nodiscard]] PairedDifference paired_bootstrap(const std::vector<Measured>& differences,
                                                const BootstrapOptions& options = {});

/// Two-sided sign test: how likely wins and losses are split at least as unevenly where neither side is better (exact
/// binomial; ties are left out: Dixon and Mood 1946). 1 without wins and losses.
[[nodiscard]] double sign_test(int wins, int losses);

}  // namespace twin::evaluation
