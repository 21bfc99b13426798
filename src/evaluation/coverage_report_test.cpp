#include "evaluation/coverage_report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace twin;
using namespace twin::evaluation;

namespace {

DecidedQuery decided(const std::string& kind, bool answerable, double probability) {
  inference::Coverage coverage;
  coverage.probability = probability;
  coverage.threshold = 0.5;
  coverage.covered = probability >= coverage.threshold;
  coverage.calibrated = true;
  return {kind, answerable, coverage};
}

}  // namespace

TEST_CASE("coverage report: precision, recall and what was refused in error") {
  const auto report =
      judge_coverage({decided("direct", true, 0.9), decided("direct", true, 0.8), decided("other words", true, 0.4),
                      decided("other words", true, 0.7), decided("none", false, 0.1), decided("none", false, 0.2),
                      decided("none", false, 0.75)});
  CHECK(report.answerable == 4);
  CHECK(report.unanswerable == 3);
  CHECK(report.precision() == doctest::Approx(2.0 / 3));
  CHECK(report.recall() == doctest::Approx(2.0 / 3));
  CHECK(report.refused() == doctest::Approx(0.25));
  CHECK(report.area_under_roc == doctest::Approx(10.0 / 12));
  CHECK(report.kinds.at("direct") == 0);
  CHECK(report.kinds.at("other words") == doctest::Approx(0.5));
  const Json json = to_json(report);
  CHECK(json.at("calibrated") == true);
  CHECK(json.at("refused_by_kind").at("none") == doctest::Approx(2.0 / 3));
}

TEST_CASE("coverage report: where nothing is refused, nothing is claimed") {
  const auto report = judge_coverage({decided("", true, 0.9), decided("", false, 0.9)});
  CHECK(report.precision() == 0);
  CHECK(report.recall() == 0);
  CHECK(report.area_under_roc == doctest::Approx(0.5));
  CHECK(judge_coverage({}).answerable == 0);
}
