// Vectors on a plane, and in groups: principal components, UMAP, k-means. A wrapper of header libraries (umappp,
// kmeans, irlba, knncolle by A. Lun; Eigen), which are slow to compile: included by plane.cpp alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace twin::evaluation {

/// Row by row, `columns` values each.
struct Table {
  std::size_t columns = 0;
  std::vector<double> values;
  [[nodiscard]] std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

/// The rows' coordinates along their first principal components, the widest first (IRLBA, Baglama and Reichel 2005);
/// fewer where there are not so many. Signs are fixed: the largest weight of each component is positive.
[[nodiscard]] Table principal_components(const Table& rows, std::size_t components, std::int64_t seed);

struct PlaneOptions {
  int neighbours = 15;        ///< of a point, which are to stay near it
  double min_distance = 0.1;  ///< how close points may lie
  std::int64_t seed = 17;
};
/// UMAP (McInnes, Healy and Melville 2018) of the rows, from their first two columns on: an informative start keeps the
/// large-scale order (Kobak and Linderman, Nature Biotechnology 2021). One thread: same rows, same seed, same points.
/// Centred and scaled into [-1, 1]. Fewer than four rows stay where their first two columns are.
[[nodiscard]] std::vector<std::array<double, 2>> lay_out(const Table& rows, const PlaneOptions& options);

struct GroupOptions {
  int groups = 0;        ///< 0: as many as part the rows best, by silhouette
  int most_groups = 20;  ///< looked at then
  std::int64_t seed = 17;
};
/// The group of each row, numbered from 0 by size, the largest first. K-means (Hartigan and Wong 1979, k-means++). The
/// number of groups is the one with the highest mean silhouette (Rousseeuw 1987), simplified: by distances to centres.
[[nodiscard]] std::vector<int> group(const Table& rows, const GroupOptions& options);

}  // namespace twin::evaluation
