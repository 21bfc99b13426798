#include "evaluation/corpus/plane.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include <Eigen/Dense>
#include <irlba/irlba.hpp>
#include <kmeans/kmeans.hpp>
#include <knncolle/knncolle.hpp>
#include <umappp/umappp.hpp>

namespace twin::evaluation {
namespace {

constexpr double start_scale = 10;      // of UMAP's first positions, as its own spectral start
constexpr std::size_t fewest_rows = 4;  // to be laid out
constexpr int kmeans_iterations = 100;

double squared_distance(const double* a, const double* b, std::size_t columns) {
  double sum = 0;
  for (std::size_t c = 0; c < columns; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

using Positions = std::vector<std::array<double, 2>>;

/// The first two columns, scaled so that the widest reaches `scale`.
std::vector<double> first_positions(const Table& rows, double scale) {
  std::vector<double> out(rows.rows() * 2, 0.0);
  double widest = 0;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < std::min<std::size_t>(2, rows.columns); ++c) {
      out[2 * r + c] = rows.values[r * rows.columns + c];
      widest = std::max(widest, std::abs(out[2 * r + c]));
    }
  }
  if (widest > 0) {
    for (double& x : out) x *= scale / widest;
  }
  return out;
}

/// Both axes by the same factor: distances keep their meaning.
Positions into_square(const std::vector<double>& flat) {
  Positions points(flat.size() / 2);
  if (points.empty()) return points;
  std::array<double, 2> low = {flat[0], flat[1]}, high = low;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    low.at(i % 2) = std::min(low.at(i % 2), flat[i]);
    high.at(i % 2) = std::max(high.at(i % 2), flat[i]);
  }
  const double half = std::max(high[0] - low[0], high[1] - low[1]) / 2;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const double centred = flat[i] - (low.at(i % 2) + high.at(i % 2)) / 2;
    points[i / 2].at(i % 2) = half > 0 ? centred / half : 0.0;
  }
  return points;
}

struct Grouping {
  std::vector<int> groups;
  std::vector<double> centres;
};

Grouping k_means(const Table& rows, int groups, std::int64_t seed) {
  const kmeans::SimpleMatrix<int, double> matrix(rows.columns, static_cast<int>(rows.rows()), rows.values.data());
  kmeans::InitializeKmeansppOptions start;
  start.seed = static_cast<std::uint64_t>(seed);
  const kmeans::InitializeKmeanspp<int, double, int, double, kmeans::SimpleMatrix<int, double>> initialize(start);
  kmeans::RefineHartiganWongOptions refinement;
  refinement.max_iterations = kmeans_iterations;
  const kmeans::RefineHartiganWong<int, double, int, double, kmeans::SimpleMatrix<int, double>> refine(refinement);
  auto found = kmeans::compute(matrix, initialize, refine, groups);
  return {std::move(found.clusters), std::move(found.centers)};
}

/// Mean over the rows of (b - a) / max(a, b): a the distance to the own centre, b to the next one.
double silhouette(const Table& rows, const Grouping& grouping) {
  std::vector<bool> used(grouping.centres.size() / rows.columns, false);
  for (const int g : grouping.groups) used[static_cast<std::size_t>(g)] = true;
  double sum = 0;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto own = static_cast<std::size_t>(grouping.groups[r]);
    double a = 0, b = std::numeric_limits<double>::infinity();
    for (std::size_t g = 0; g < used.size(); ++g) {
      if (!used[g]) continue;
      const double distance = std::sqrt(
          squared_distance(&rows.values[r * rows.columns], &grouping.centres[g * rows.columns], rows.columns));
      if (g == own) a = distance;
      if (g != own) b = std::min(b, distance);
    }
    const double larger = std::max(a, b);
    if (std::isfinite(larger) && larger > 0) sum += (b - a) / larger;
  }
  return sum / static_cast<double>(rows.rows());
}

/// Numbered anew: the largest is 0; among equals the one whose first row comes first.
std::vector<int> by_size(const std::vector<int>& groups) {
  const int count = groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1;
  std::vector<std::size_t> sizes(static_cast<std::size_t>(count)), first(sizes.size(), groups.size());
  for (std::size_t r = 0; r < groups.size(); ++r) {
    const auto g = static_cast<std::size_t>(groups[r]);
    ++sizes[g];
    first[g] = std::min(first[g], r);
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : first[a] < first[b];
  });
  std::vector<int> number(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) number[order[i]] = static_cast<int>(i);
  std::vector<int> out;
  out.reserve(groups.size());
  for (const int g : groups) out.push_back(number[static_cast<std::size_t>(g)]);
  return out;
}

}  // namespace

Table principal_components(const Table& rows, std::size_t components, std::int64_t seed) {
  const auto n = static_cast<Eigen::Index>(rows.rows());
  if (n == 0) return {};
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::MatrixXd matrix =
      Eigen::Map<const RowMajor>(rows.values.data(), n, static_cast<Eigen::Index>(rows.columns));
  const auto most = std::min<Eigen::Index>({static_cast<Eigen::Index>(components), n, matrix.cols()});
  irlba::Options<Eigen::VectorXd> options;
  options.cap_number = true;
  options.seed = static_cast<std::uint64_t>(seed);
  const auto found = irlba::pca(matrix, true, false, most, options);
  Table out{static_cast<std::size_t>(found.scores.cols()), {}};
  Eigen::MatrixXd scores = found.scores;
  for (Eigen::Index c = 0; c < scores.cols(); ++c) {
    Eigen::Index widest = 0;
    found.rotation.col(c).cwiseAbs().maxCoeff(&widest);
    if (found.rotation(widest, c) < 0) scores.col(c) *= -1;
  }
  for (Eigen::Index r = 0; r < scores.rows(); ++r) {
    for (Eigen::Index c = 0; c < scores.cols(); ++c) {
      out.values.push_back(std::isfinite(scores(r, c)) ? scores(r, c) : 0.0);
    }
  }
  return out;
}

Positions lay_out(const Table& rows, const PlaneOptions& options) {
  std::vector<double> positions = first_positions(rows, start_scale);
  if (rows.rows() < fewest_rows) return into_square(positions);
  const knncolle::VptreeBuilder<int, double, double> builder(
      std::make_shared<knncolle::EuclideanDistance<double, double>>());
  const auto tree = builder.build_unique(
      knncolle::SimpleMatrix<int, double>(rows.columns, static_cast<int>(rows.rows()), rows.values.data()));
  const int neighbours = std::min(options.neighbours, static_cast<int>(rows.rows()) - 1);
  umappp::Options umap;
  umap.initialize_method = umappp::InitializeMethod::NONE;
  umap.min_dist = options.min_distance;
  umap.optimize_seed = static_cast<std::uint64_t>(options.seed);
  auto status = umappp::initialize(knncolle::find_nearest_neighbors(*tree, neighbours), 2, positions.data(), umap);
  status.run(positions.data());
  for (double& x : positions) x = std::isfinite(x) ? x : 0.0;
  return into_square(positions);
}

std::vector<int> group(const Table& rows, const GroupOptions& options) {
  const int n = static_cast<int>(rows.rows());
  if (options.groups > 0) return by_size(k_means(rows, std::min(options.groups, n), options.seed).groups);
  std::vector<int> best(rows.rows(), 0);
  double highest = 0;
  // Groups of two or three rows say nothing: at most the square root of the rows.
  const int most = std::min(options.most_groups, static_cast<int>(std::sqrt(static_cast<double>(n))));
  for (int groups = 2; groups <= most; ++groups) {
    Grouping grouping = k_means(rows, groups, options.seed);
    const double value = silhouette(rows, grouping);
    if (value > highest) {
      highest = value;
      best = std::move(grouping.groups);
    }
  }
  return by_size(best);
}

}  // namespace twin::evaluation
