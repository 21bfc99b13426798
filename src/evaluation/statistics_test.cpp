#include "evaluation/statistics.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace twin::evaluation;

TEST_CASE("the mean of one document has no interval") {
  const Estimate estimate = bootstrap_mean({{"d1", 1}, {"d1", 2}, {"d1", 6}});
  CHECK(estimate.mean == doctest::Approx(3));
  CHECK(estimate.n == 3);
  CHECK(estimate.clusters == 1);
  CHECK(!estimate.has_interval());
  CHECK(estimate.low == estimate.mean);
}

TEST_CASE("nothing measured is not a number that looks like one") {
  CHECK(!bootstrap_mean({}).measured());
  const Estimate estimate = bootstrap_mean({{"d", std::nan("")}, {"d", INFINITY}});
  CHECK(!estimate.measured());
  CHECK(estimate.mean == 0);
  const Estimate divided = bootstrap({{"a", {1, 0}}}, [](std::span<const double> s) { return s[0] / s[1]; });
  CHECK(!divided.measured());
}

TEST_CASE("values that are no numbers are left out, the rest is measured") {
  const Estimate estimate = bootstrap_mean({{"a", 2}, {"b", std::nan("")}, {"c", 4}});
  CHECK(estimate.mean == doctest::Approx(3));
  CHECK(estimate.n == 2);
  CHECK(estimate.clusters == 2);
}

TEST_CASE("the interval of a mean agrees with theory") {
  // 200 documents with one value each, variance 1/12 (evenly spread over 0 to 1): 1.96 * sqrt(1 / 12 / 200) = 0.0400
  std::vector<Measured> items;
  items.reserve(200);
  for (int i = 0; i < 200; ++i) items.push_back({std::to_string(i), (i + 0.5) / 200});
  const Estimate estimate = bootstrap_mean(items, {.resamples = 4000, .seed = 1});
  CHECK(estimate.mean == doctest::Approx(0.5));
  CHECK(estimate.mean - estimate.low == doctest::Approx(0.040).epsilon(0.1));
  CHECK(estimate.high - estimate.mean == doctest::Approx(0.040).epsilon(0.1));
}

TEST_CASE("items of one document count as one: the interval is as wide as documents differ") {
  std::vector<Measured> clustered, single;
  for (int document = 0; document < 10; ++document) {
    for (int i = 0; i < 20; ++i) {
      clustered.push_back({std::to_string(document), document % 2 == 0 ? 0.0 : 1.0});
      single.push_back({std::to_string(document * 100 + i), document % 2 == 0 ? 0.0 : 1.0});
    }
  }
  const Estimate wide = bootstrap_mean(clustered), narrow = bootstrap_mean(single);
  CHECK(wide.mean == narrow.mean);
  CHECK(wide.high - wide.low > 3 * (narrow.high - narrow.low));
}

TEST_CASE("the same items give the same bits, in any order; another seed gives others") {
  std::vector<Measured> items;
  items.reserve(30);
  for (int i = 0; i < 30; ++i) items.push_back({std::to_string(i % 7), std::sin(i)});
  const Estimate first = bootstrap_mean(items), again = bootstrap_mean(items);
  CHECK(first.low == again.low);
  CHECK(first.high == again.high);
  const Estimate other = bootstrap_mean(items, {.resamples = 2000, .seed = 18});
  CHECK(first.low != other.low);
  CHECK(first.low == doctest::Approx(other.low).epsilon(0.2));
}

TEST_CASE("a small bootstrap agrees with counting all resamples") {
  // Of the 256 resamples of {0, 1, 2, 3}, 5 have a sum of at most 1 and 15 of at most 2: the 2.5 % quantile of the mean
  // is 2/4, and by symmetry the 97.5 % quantile 10/4.
  const Estimate estimate = bootstrap_mean({{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}}, {.resamples = 20'000, .seed = 17});
  CHECK(estimate.mean == doctest::Approx(1.5));
  CHECK(estimate.low == doctest::Approx(0.5));
  CHECK(estimate.high == doctest::Approx(2.5));
}

TEST_CASE("paired differences: by document, two-sided, never sure") {
  std::vector<Measured> differences;
  differences.reserve(50);
  for (int i = 0; i < 50; ++i) differences.push_back({"d" + std::to_string(i), i % 5 == 0 ? 0.0 : 0.1});
  const PairedDifference clear = paired_bootstrap(differences);
  CHECK(clear.difference.mean == doctest::Approx(0.08));
  CHECK(clear.difference.low > 0.06);
  CHECK(clear.p > 0);
  CHECK(clear.p < 0.001);
  // The same numbers, but all of two documents: nothing to be sure of.
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i].cluster = i % 5 == 0 ? "one" : "other";
  CHECK(paired_bootstrap(differences).p > 0.2);
  // Noise around zero.
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = {std::to_string(i), i % 2 == 0 ? 0.1 : -0.1};
  CHECK(paired_bootstrap(differences).p > 0.9);
  CHECK(paired_bootstrap({}).p == 1);
  CHECK(paired_bootstrap({{"d", 1.0}}).p == 1);
  CHECK(paired_bootstrap({{"a", 0.0}, {"b", 0.0}}).p == 1);
}

TEST_CASE("the sign test: exact, two-sided, ties left out") {
  CHECK(sign_test(0, 0) == 1);
  CHECK(sign_test(1, 0) == 1);
  CHECK(sign_test(5, 0) == doctest::Approx(0.0625));
  CHECK(sign_test(8, 2) == doctest::Approx(0.109375));
  CHECK(sign_test(2, 8) == doctest::Approx(0.109375));
  CHECK(sign_test(1, 9) == doctest::Approx(0.021484375));
  CHECK(sign_test(50, 50) == 1);
  CHECK(sign_test(600, 500) == doctest::Approx(0.0028).epsilon(0.02));
  CHECK(sign_test(100'000, 0) == doctest::Approx(0));
}
