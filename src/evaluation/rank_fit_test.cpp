#include "evaluation/rank_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace twin::evaluation;

namespace {

/// The relevant candidate has the highest first feature; the second is noise, the third never differs.
std::vector<RankGroup> examples(int count) {
  std::mt19937 random(3);
  const auto unit = [&] { return static_cast<double>(random() % 1000) / 1000; };
  std::vector<RankGroup> groups;
  for (int i = 0; i < count; ++i) {
    RankGroup group;
    for (int j = 0; j < 5; ++j) {
      group.rows.push_back({unit() + (j == i % 5 ? 0.7 : 0), unit(), 4});
      group.relevant.push_back(j == i % 5);
    }
    groups.push_back(group);
  }
  return groups;
}

double log_likelihood(const std::vector<RankGroup>& groups, const RankFit& fit, double ridge) {
  double sum = 0;
  for (const double weight : fit.weights) sum -= ridge * weight * weight / 2;
  for (const RankGroup& group : groups) {
    double all = 0, relevant = 0;
    for (std::size_t i = 0; i < group.rows.size(); ++i) {
      all += std::exp(fit.score(group.rows[i]));
      if (group.relevant[i]) relevant = fit.score(group.rows[i]);
    }
    sum += (relevant - std::log(all)) / static_cast<double>(groups.size());
  }
  return sum;
}

}  // namespace

TEST_CASE("rank fit: the feature that decides gets the weight") {
  const auto groups = examples(200);
  const RankFit fit = fit_ranking(groups, 0.01);
  REQUIRE(fit.weights.size() == 3);
  CHECK(fit.weights[0] > 1);
  CHECK(std::abs(fit.weights[1]) < 0.3);
  CHECK(fit.weights[2] == doctest::Approx(0));
  int right = 0;
  for (const RankGroup& group : groups) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < group.rows.size(); ++i) {
      if (fit.score(group.rows[i]) > fit.score(group.rows[best])) best = i;
    }
    right += group.relevant[best] ? 1 : 0;
  }
  CHECK(right > 130);
}

TEST_CASE("rank fit: no weights near the fitted ones are more likely, and equal examples give equal weights") {
  const auto groups = examples(60);
  const RankFit fit = fit_ranking(groups, 0.05);
  const double best = log_likelihood(groups, fit, 0.05);
  for (std::size_t i = 0; i < 2; ++i) {
    for (const double step : {-0.05, 0.05}) {
      RankFit moved = fit;
      moved.weights[i] += step;
      CHECK(log_likelihood(groups, moved, 0.05) < best);
    }
  }
  CHECK(fit_ranking(groups, 0.05).weights == fit.weights);
}

TEST_CASE("rank fit: examples that can be told apart perfectly give finite weights") {
  RankGroup group;
  group.rows = {{1, 0}, {0, 0}, {0, 1}};
  group.relevant = {true, false, false};
  const RankFit fit = fit_ranking({group, group}, 0.01);
  for (const double weight : fit.weights) CHECK(std::isfinite(weight));
  CHECK(fit.score({1, 0}) > fit.score({0, 1}));
  CHECK(fit_ranking({}, 0.01).weights.empty());
}

TEST_CASE("rank fit: several relevant candidates share the likelihood") {
  RankGroup group;
  group.rows = {{1}, {0.9}, {0}, {-1}};
  group.relevant = {true, true, false, false};
  CHECK(fit_ranking({group}, 0.1).weights[0] > 0);
}
