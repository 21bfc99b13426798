#include "evaluation/rank_fit.h"

#include <algorithm>
#include <cmath>

namespace twin::evaluation {
namespace {

using Row = std::vector<double>;
using Matrix = std::vector<Row>;

constexpr int most_steps = 50;
constexpr int most_halvings = 20;
constexpr double close_enough = 1e-10;  // of the loss

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Loss, gradient and curvature of the penalized likelihood.
struct Slope {
  double loss = 0;
  Row gradient;
  Matrix curvature;
};

Slope slope_at(const std::vector<RankGroup>& groups, const Row& weights, double ridge) {
  const std::size_t n = weights.size();
  const auto count = static_cast<double>(groups.size());
  Slope slope{ridge * dot(weights, weights) / 2, Row(n), Matrix(n, Row(n))};
  for (std::size_t i = 0; i < n; ++i) {
    slope.gradient[i] = ridge * weights[i];
    slope.curvature[i][i] = ridge;
  }
  for (const RankGroup& group : groups) {
    Row scores;
    for (const Row& row : group.rows) scores.push_back(dot(weights, row));
    const double highest = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (const double score : scores) sum += std::exp(score - highest);
    const auto targets = static_cast<double>(std::count(group.relevant.begin(), group.relevant.end(), true));
    Row expected(n);
    for (std::size_t j = 0; j < scores.size(); ++j) {
      const double chosen = std::exp(scores[j] - highest) / sum;
      const double target = group.relevant[j] ? 1 / targets : 0;
      slope.loss -= target * (scores[j] - highest - std::log(sum)) / count;
      const Row& row = group.rows[j];
      for (std::size_t a = 0; a < n; ++a) {
        expected[a] += chosen * row[a];
        slope.gradient[a] += (chosen - target) * row[a] / count;
        for (std::size_t b = 0; b <= a; ++b) slope.curvature[a][b] += chosen * row[a] * row[b] / count;
      }
    }
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b <= a; ++b) slope.curvature[a][b] -= expected[a] * expected[b] / count;
    }
  }
  return slope;
}

/// Solves a * x = b for a symmetric positive definite matrix, of which the lower half is read (Cholesky).
Row solve(Matrix a, Row b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i][k] * a[j][k];
      a[i][j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / a[j][j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return b;
}

/// Mean and deviation of each feature over all rows; a feature that never differs has the scale 1.
void standardize(const std::vector<RankGroup>& groups, RankFit& fit) {
  const std::size_t n = fit.weights.size();
  double count = 0;
  for (const RankGroup& group : groups) count += static_cast<double>(group.rows.size());
  for (const RankGroup& group : groups) {
    for (const Row& row : group.rows) {
      for (std::size_t i = 0; i < n; ++i) fit.mean[i] += row[i] / count;
    }
  }
  Row variance(n);
  for (const RankGroup& group : groups) {
    for (const Row& row : group.rows) {
      for (std::size_t i = 0; i < n; ++i) variance[i] += (row[i] - fit.mean[i]) * (row[i] - fit.mean[i]) / count;
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double deviation = std::sqrt(variance[i]);
    fit.scale[i] = deviation > 1e-9 ? deviation : 1;
  }
}

}  // namespace

double RankFit::score(const Row& row) const {
  double sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) sum += weights[i] * (row[i] - mean[i]) / scale[i];
  return sum;
}

RankFit fit_ranking(const std::vector<RankGroup>& groups, double ridge) {
  RankFit fit;
  if (groups.empty()) return fit;
  const std::size_t n = groups.front().rows.front().size();
  fit.weights = Row(n);
  fit.mean = Row(n);
  fit.scale = Row(n, 1);
  standardize(groups, fit);
  std::vector<RankGroup> scaled = groups;
  for (RankGroup& group : scaled) {
    for (Row& row : group.rows) {
      for (std::size_t i = 0; i < n; ++i) row[i] = (row[i] - fit.mean[i]) / fit.scale[i];
    }
  }
  Slope now = slope_at(scaled, fit.weights, ridge);
  for (int step = 0; step < most_steps; ++step) {
    const Row direction = solve(now.curvature, now.gradient);
    double length = 1;
    Slope next;
    Row weights;
    for (int halving = 0; halving < most_halvings; ++halving, length /= 2) {
      weights = fit.weights;
      for (std::size_t i = 0; i < n; ++i) weights[i] -= length * direction[i];
      next = slope_at(scaled, weights, ridge);
      if (next.loss <= now.loss) break;
    }
    if (!(next.loss < now.loss - close_enough)) break;
    fit.weights = std::move(weights);
    now = std::move(next);
  }
  return fit;
}

}  // namespace twin::evaluation
