#include "stores/index/centering.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace twin::stores;

TEST_CASE("what questions share is kept to the bit") {
  QueryCentering centering{3, {0.1F, -1e-30F, 0.25F}, {{1, 0, 0}, {0, 0.6F, -0.8F}}, {"ko", "ja"}};
  CHECK(centering_from(to_text(centering), 3) == centering);
  centering.directions.clear();
  CHECK(centering_from(to_text(centering), 3) == centering);
}

TEST_CASE("a text that is damaged, or of other vectors, says that nothing was measured") {
  const QueryCentering centering{1, {0.1F, 0.2F}, {{1, 0}}, {}};
  const std::string text = to_text(centering);
  const QueryCentering none;
  CHECK(centering_from("", 2) == none);
  CHECK(centering_from("[]", 2) == none);
  CHECK(centering_from(R"({"version":1})", 2) == none);
  CHECK(centering_from(text.substr(0, text.size() - 4), 2) == none);
  CHECK(centering_from(text, 3) == none);
  const QueryCentering broken{1, {std::numeric_limits<float>::quiet_NaN(), 0}, {}, {}};
  CHECK(centering_from(to_text(broken), 2) == none);
}
