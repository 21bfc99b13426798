#include "stores/index/quantize.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <random>

using namespace twin::stores;

TEST_CASE("quantize: the largest value gets the largest code, the error is at most half a step") {
  const std::vector<float> vector = {0.5F, -1.0F, 0.25F, 0.0F, 0.999F};
  const auto q = quantize(vector);
  CHECK(q.codes[1] == -127);
  CHECK(q.codes[3] == 0);
  for (std::size_t i = 0; i < vector.size(); ++i) {
    CHECK(std::abs(static_cast<float>(q.codes[i]) * q.scale - vector[i]) <= q.scale / 2 * 1.001F);
  }
}

TEST_CASE("quantize: a zero vector and an empty one") {
  CHECK(quantize(std::vector<float>(4, 0.0F)).scale == 0);
  CHECK(quantize(std::vector<float>(4, 0.0F)).codes == std::vector<std::int8_t>(4, 0));
  CHECK(quantize({}).codes.empty());
  CHECK(quantize(std::vector<float>{1e-42F, 0.0F}).codes.size() == 2);
}

TEST_CASE("dot products: every kernel of this processor gives the sums of the plain loop") {
  std::mt19937 random(11);
  std::uniform_int_distribution<int> codes(-127, 127);
  CHECK(dot_kernels().back().name == "portable");
  for (const std::size_t stride : {64U, 128U, 384U, 1024U}) {
    for (const std::size_t rows : {1U, 2U, 7U}) {
      for (const bool extreme : {false, true}) {
        std::vector<std::int8_t> data(rows * stride);
        std::vector<std::int8_t> query(stride);
        const auto code = [&] {
          return static_cast<std::int8_t>(extreme ? (random() % 2 ? 127 : -127) : codes(random));
        };
        for (auto& x : data) x = code();
        for (auto& x : query) x = code();
        if (extreme) query.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(stride));
        std::vector<std::int32_t> expected(rows);
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t i = 0; i < stride; ++i) expected[r] += data[r * stride + i] * query[i];
        }
        for (const auto& kernel : dot_kernels()) {
          std::vector<std::int32_t> sums(rows, -1);
          kernel.dots(data.data(), stride, rows, query.data(), sums.data());
          CHECK_MESSAGE(sums == expected, kernel.name, " stride ", stride, " rows ", rows);
        }
      }
    }
  }
}

TEST_CASE("dot products: codes in halves say what the codes say, by every kernel") {
  std::mt19937 random(12);
  std::uniform_int_distribution<int> codes(-127, 127);
  for (const std::size_t dimension : {128U, 384U, 1024U}) {
    for (const std::size_t rows : {1U, 3U, 4U, 9U}) {
      for (const bool extreme : {false, true}) {
        const auto code = [&] {
          return static_cast<std::int8_t>(extreme ? (random() % 2 ? 127 : -127) : codes(random));
        };
        std::vector<std::int8_t> data(rows * dimension), query(dimension);
        for (auto& x : data) x = code();
        for (auto& x : query) x = code();
        std::vector<std::uint8_t> upper(rows * dimension / 2), lower(rows * dimension / 2);
        const auto row_of = [&](auto& values, std::size_t r, std::size_t size) {
          return std::span(values).subspan(r * size, size);
        };
        std::vector<std::int32_t> expected(rows);
        std::int32_t sum = 0;
        for (const std::int8_t q : query) sum += q;
        for (std::size_t r = 0; r < rows; ++r) {
          split_codes(row_of(data, r, dimension), row_of(upper, r, dimension / 2), row_of(lower, r, dimension / 2));
          for (std::size_t i = 0; i < dimension; ++i) expected[r] += data[r * dimension + i] * query[i];
        }
        for (const auto& kernel : dot_kernels()) {
          std::vector<std::int32_t> above(rows + 1, -1), below(rows + 1, -1), whole(rows);
          std::vector<std::uint32_t> order(rows);  // any
          for (std::size_t r = 0; r < rows; ++r) order[r] = static_cast<std::uint32_t>((r * 2 + 1) % rows);
          if (rows % 2 == 0) std::iota(order.begin(), order.end(), 0U);
          kernel.half_dots(upper.data(), dimension / 2, order.data(), rows, query.data(), above.data());
          kernel.half_dots(lower.data(), dimension / 2, order.data(), rows, query.data(), below.data());
          for (std::size_t r = 0; r < rows; ++r) whole[order[r]] = 16 * above[r] + below[r] - 128 * sum;
          CHECK_MESSAGE(whole == expected, kernel.name, " dimension ", dimension, " rows ", rows);
          CHECK(above[rows] == -1);  // nothing is written behind the rows
        }
      }
    }
  }
}
