#include "inference/rag/centered.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

using namespace twin::inference;
using twin::stores::QueryCentering;

namespace {

double product(const std::vector<float>& one, const std::vector<float>& other) {
  return std::inner_product(one.begin(), one.end(), other.begin(), 0.0);
}

}  // namespace

TEST_CASE("a question keeps what it asks and loses its language") {
  // Axes: what all vectors share, Korean or English, two subjects.
  const std::vector<float> question = {0.8F, 0.5F, 0.3F, 0.1F};     // Korean, about the first subject
  const std::vector<float> answer = {0.8F, -0.5F, 0.3F, 0.1F};      // English, about it
  const std::vector<float> distractor = {0.8F, 0.5F, 0.1F, -0.3F};  // Korean, about something else
  REQUIRE(product(question, answer) < product(question, distractor));
  const auto asked = centered(question, {1, {0.8F, 0, 0, 0}, {{0, 1, 0, 0}}, {}});
  CHECK(product(asked, asked) == doctest::Approx(1));
  CHECK(asked[1] == 0);
  CHECK(product(asked, answer) > product(asked, distractor));
}

TEST_CASE("part of the centre is taken, not all of it") {
  const auto asked = centered({0.8F, 0.6F}, {1, {0.8F, 0}, {}, {}});
  const double left = 0.8 - 0.75 * 0.8 * 0.8, length = std::sqrt(left * left + 0.36);
  CHECK(double{asked[0]} == doctest::Approx(left / length));
  CHECK(double{asked[1]} == doctest::Approx(0.6 / length));
}

TEST_CASE("a question is left as it is where nothing was measured or nothing would be left of it") {
  const std::vector<float> question = {0.6F, 0.8F};
  CHECK(centered(question, {}) == question);
  CHECK(centered(question, {1, {0.6F, 0.8F, 0}, {}, {}}) == question);
  CHECK(centered(question, {1, {0, 0}, {{1, 0}, {0, 1}}, {}}) == question);
}

TEST_CASE("a question in a language that the model does not know is told by its script") {
  const QueryCentering english{1, {1, 0}, {}, {"ko"}};
  CHECK_FALSE(understood("국회도서관은 언제 여나요?", english));
  CHECK(understood("When does the library open?", english));
  CHECK(understood("", english));
  CHECK(understood("국회도서관은 언제 여나요?", {}));
}
