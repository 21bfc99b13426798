#include "evaluation/ranking_metrics.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace twin::evaluation;

TEST_CASE("ranking metrics: nDCG takes grades as gains and the ideal from all judgements") {
  const Judgements judged = {{"a", 3}, {"b", 2}, {"c", 1}, {"d", 0}, {"e", -1}};
  CHECK(ndcg({"a", "b", "c"}, judged, 10) == doctest::Approx(1));
  // trec_eval 9.0.8, ndcg_cut_10 of the run x, b, a: (2 / log2 3 + 3 / log2 4) / (3 + 2 / log2 3 + 1 / log2 4)
  const double ideal = 3 + 2 / std::log2(3.0) + 0.5;
  CHECK(ndcg({"x", "b", "a"}, judged, 10) == doctest::Approx((2 / std::log2(3.0) + 1.5) / ideal));
  // Cut: only the first counts, and the ideal is cut, too.
  CHECK(ndcg({"b", "a"}, judged, 1) == doctest::Approx(2.0 / 3));
  // Judged 0 or less gains nothing.
  CHECK(ndcg({"d", "e"}, judged, 10) == 0);
  CHECK(ndcg({}, judged, 10) == 0);
  CHECK(ndcg({"a"}, {}, 10) == 0);
  CHECK(ndcg({"d"}, {{"d", 0}}, 10) == 0);
}

TEST_CASE("ranking metrics: recall and reciprocal rank look at the first k only") {
  const Judgements judged = {{"a", 1}, {"b", 2}, {"n", 0}};
  CHECK(recall({"x", "a", "y", "b"}, judged, 5) == 1);
  CHECK(recall({"x", "a", "y", "b"}, judged, 3) == 0.5);
  CHECK(recall({"n"}, judged, 5) == 0);
  CHECK(recall({"n"}, {{"n", 0}}, 5) == 0);
  CHECK(reciprocal_rank({"n", "x", "b", "a"}, judged, 10) == doctest::Approx(1.0 / 3));
  CHECK(reciprocal_rank({"n", "x", "b"}, judged, 2) == 0);
}

TEST_CASE("ranking metrics: percentiles are values that were measured") {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  CHECK(percentile(values, 0.5) == 50);
  CHECK(percentile(values, 0.99) == 99);
  CHECK(percentile(values, 1) == 100);
  CHECK(percentile({7}, 0.99) == 7);
  CHECK(percentile({3, 1}, 0.0) == 1);
  CHECK(percentile({}, 0.5) == 0);
}

TEST_CASE("area under the ROC curve: pairs in the right order, ties by half") {
  CHECK(area_under_roc({3, 2}, {1, 0}) == 1);
  CHECK(area_under_roc({0}, {1, 2}) == 0);
  CHECK(area_under_roc({1, 3}, {2}) == doctest::Approx(0.5));
  CHECK(area_under_roc({1}, {1}) == doctest::Approx(0.5));
  CHECK(area_under_roc({2, 1}, {1, 0}) == doctest::Approx(3.5 / 4));
  CHECK(area_under_roc({}, {1}) == doctest::Approx(0.5));
}
