#include "models/encoder/rows.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace twin::models;

TEST_CASE("GELU is that of the normal distribution") {
  std::vector<float> y;
  for (int i = -2000; i <= 2000; ++i) y.push_back(static_cast<float>(i) / 100.0f);
  const std::vector<float> x = y;
  rows::gelu(y.data(), static_cast<std::int64_t>(y.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto v = static_cast<double>(x[i]);
    const double exact = v * 0.5 * std::erfc(-v / std::sqrt(2.0));
    CHECK(std::abs(static_cast<double>(y[i]) - exact) < 4e-7 * (1 + std::abs(v)));
  }
}

TEST_CASE("rounding to bfloat16 goes to the nearest, halves to even") {
  const std::vector<float> a = {1.0f,        -2.5f, 1.00390625f,  // half way between 1 and 1 + 2⁻⁷: to even
                                1.01171875f,                      // half way above 1 + 2⁻⁷: to even, upwards
                                1.0040f,     0.0f,  -0.0f,       3.4e38f};
  std::vector<std::uint16_t> y(a.size());
  rows::to_bf16(a.data(), y.data(), static_cast<std::int64_t>(a.size()));
  CHECK(y == std::vector<std::uint16_t>{0x3F80, 0xC020, 0x3F80, 0x3F82, 0x3F81, 0x0000, 0x8000, 0x7F80});
}

TEST_CASE("softmax is scaled before its sum") {
  std::vector<float> y = {1.0f, 2.0f, -3.0f};
  rows::softmax(y.data(), 0.5f, 3);
  const double sum = std::exp(0.5) + std::exp(1.0) + std::exp(-1.5);
  CHECK(static_cast<double>(y[0]) == doctest::Approx(std::exp(0.5) / sum).epsilon(1e-6));
  CHECK(static_cast<double>(y[1]) == doctest::Approx(std::exp(1.0) / sum).epsilon(1e-6));
  CHECK(static_cast<double>(y[2]) == doctest::Approx(std::exp(-1.5) / sum).epsilon(1e-6));
}
