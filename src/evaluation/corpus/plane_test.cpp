#include "evaluation/corpus/plane.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

using namespace twin::evaluation;

namespace {

constexpr std::size_t kDimensions = 24;

/// `each` points around each of `groups` far corners; row r belongs to r / each.
Table clusters(int groups, int each, double spread = 0.05) {
  std::mt19937_64 random(7);
  Table table{kDimensions, {}};
  for (int g = 0; g < groups; ++g) {
    for (int i = 0; i < each; ++i) {
      for (std::size_t c = 0; c < kDimensions; ++c) {
        const double noise = static_cast<double>(random() >> 11) / 9007199254740992.0 - 0.5;
        table.values.push_back((c == static_cast<std::size_t>(g) ? 1.0 : 0.0) + spread * noise);
      }
    }
  }
  return table;
}

double apart(const std::array<double, 2>& a, const std::array<double, 2>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1]);
}

}  // namespace

TEST_CASE("principal components: the widest direction first, as by hand") {
  // Points on a line through three dimensions, and a little beside it.
  Table table{3, {}};
  for (int i = 0; i < 40; ++i) {
    const double t = i - 19.5;
    for (const double x : {2 * t, t + (i % 2 == 0 ? 0.1 : -0.1), 5.0}) table.values.push_back(x);
  }
  const Table found = principal_components(table, 2, 1);
  REQUIRE(found.rows() == 40);
  REQUIRE(found.columns == 2);
  for (std::size_t r = 0; r < 40; ++r) {
    const double t = static_cast<double>(r) - 19.5;
    CHECK(found.values[2 * r] == doctest::Approx(t * std::sqrt(5.0)).epsilon(0.05));
    CHECK(std::abs(found.values[2 * r + 1]) < 0.2);
  }
  CHECK(principal_components({}, 2, 1).rows() == 0);
  CHECK(principal_components({3, {1, 2, 3}}, 2, 1).rows() == 1);
  const Table same{2, std::vector<double>(20, 0.5)};  // nothing varies
  for (const double x : principal_components(same, 2, 1).values) CHECK(std::abs(x) < 1e-9);
}

TEST_CASE("layout: clusters stay together and apart, the same every time") {
  const int each = 40;
  const Table components = principal_components(clusters(5, each), 10, 1);
  const auto points = lay_out(components, {});
  REQUIRE(points.size() == 200);
  CHECK(lay_out(components, {}) == points);
  double low = 1, high = -1;
  for (const auto& point : points) {
    for (const double x : point) {
      CHECK(std::isfinite(x));
      low = std::min(low, x);
      high = std::max(high, x);
    }
  }
  CHECK(low >= -1.000001);
  CHECK(high <= 1.000001);
  // Of each point's nearest ten on the plane, nearly all are of its cluster.
  int own = 0, all = 0;
  for (std::size_t r = 0; r < points.size(); ++r) {
    std::vector<std::pair<double, std::size_t>> others;
    for (std::size_t o = 0; o < points.size(); ++o) {
      if (o != r) others.emplace_back(apart(points[r], points[o]), o);
    }
    std::partial_sort(others.begin(), others.begin() + 10, others.end());
    for (std::size_t i = 0; i < 10; ++i) {
      ++all;
      own += others[i].second / each == r / each ? 1 : 0;
    }
  }
  CHECK(static_cast<double>(own) / all > 0.97);
}

TEST_CASE("layout and groups of next to nothing") {
  CHECK(lay_out({}, {}).empty());
  CHECK(group({}, {}).empty());
  for (std::size_t n = 1; n < 8; ++n) {
    Table table{2, {}};
    for (std::size_t i = 0; i < 2 * n; ++i) table.values.push_back(static_cast<double>(i % 3));
    CHECK(lay_out(table, {}).size() == n);
    CHECK(group(table, {}).size() == n);
    GroupOptions more;
    more.groups = 5;
    for (const int g : group(table, more)) CHECK(g < 5);
  }
  const Table same{2, std::vector<double>(60, 0.25)};  // thirty times one point
  for (const auto& point : lay_out(same, {})) CHECK(std::isfinite(point[0]));
  for (const int g : group(same, {})) CHECK(g == 0);
}

TEST_CASE("groups: clusters are found, and how many there are") {
  for (const int expected : {2, 4, 7}) {
    const int each = 30;
    const Table table = principal_components(clusters(expected, each), 12, 1);
    const auto groups = group(table, {});
    CHECK(group(table, {}) == groups);
    CHECK(std::set<int>(groups.begin(), groups.end()).size() == static_cast<std::size_t>(expected));
    for (std::size_t r = 0; r < groups.size(); ++r) {
      CHECK(groups[r] == groups[r / each * each]);  // with the first of its cluster
    }
  }
  // The largest is number 0.
  Table table = clusters(2, 20);
  const Table more = clusters(3, 30);
  table.values.insert(table.values.end(), more.values.begin() + 60 * kDimensions, more.values.end());
  GroupOptions options;
  options.groups = 3;
  const auto groups = group(table, options);
  CHECK(groups.back() == 0);
}
