#include "training/sweep/halving.h"

#include <doctest/doctest.h>

using namespace twin::training;

TEST_CASE("halving: budgets rise by eta to a whole run") {
  CHECK(rung_budgets(9, 3, 0) == std::vector<double>{1.0 / 9, 1.0 / 3, 1});
  CHECK(rung_budgets(8, 3, 0) == std::vector<double>{1.0 / 3, 1});
  CHECK(rung_budgets(8, 2, 0) == std::vector<double>{0.125, 0.25, 0.5, 1});
  CHECK(rung_budgets(2, 3, 0) == std::vector<double>{1});  // too few to halve
  CHECK(rung_budgets(100, 1, 0.1) == std::vector<double>{1});
  CHECK(rung_budgets(4, 2, 0.2) == std::vector<double>{0.25, 0.5, 1});
  CHECK(rung_budgets(4, 2, 1e-300).front() > 1e-7);
}

TEST_CASE("halving: one of eta goes on, never none") {
  CHECK(promoted(9, 3) == 3);
  CHECK(promoted(8, 3) == 2);
  CHECK(promoted(2, 3) == 1);
  CHECK(promoted(5, 1) == 5);
}

TEST_CASE("halving: the best have the lowest scores, of equal ones the first") {
  const std::vector<Score> scores = {{0, 3.0}, {1, 2.0}, {2, 2.0}, {3, 1.0}};
  CHECK(best_of(scores, 2) == std::vector<std::size_t>{3, 1});
  CHECK(best_of(scores, 9).size() == 4);
}

TEST_CASE("halving: each rung costs what it adds to the one before") {
  // 9 trials to 1/9, 3 of them to 1/3, one to the end: 1 + 2/3 + 2/3.
  CHECK(whole_runs(9, 3, rung_budgets(9, 3, 0)) == doctest::Approx(1 + 2.0 / 3 + 2.0 / 3));
  CHECK(whole_runs(5, 1, {1}) == doctest::Approx(5));
}
