#include "stores/index/vectors/sign_codes.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "stores/index/quantize.h"
#include "stores/index/test_data.h"

using namespace twin::stores;

namespace {

constexpr std::size_t kStride = 384;

float product(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

std::vector<float> values_of(const QuantizedVector& vector) {
  std::vector<float> values(vector.codes.begin(), vector.codes.end());
  for (float& value : values) value *= vector.scale;
  return values;
}

// As they lie in a segment.
std::vector<std::uint8_t> rows_of(const SignCodes& signs) {
  const std::size_t bytes = signs.bits.size() / signs.factors.size();
  std::vector<std::uint8_t> rows(signs.factors.size() * (bytes + 2 * sizeof(float)));
  for (std::size_t row = 0; row < signs.factors.size(); ++row) {
    std::uint8_t* const at = rows.data() + row * (bytes + 2 * sizeof(float));
    std::memcpy(at, signs.bits.data() + row * bytes, bytes);
    std::memcpy(at + bytes, &signs.factors[row], sizeof(float));
    std::memcpy(at + bytes + sizeof(float), &signs.offsets[row], sizeof(float));
  }
  return rows;
}

}  // namespace

TEST_CASE("signs: a rotation keeps products, is always the same, and spreads what lies in one dimension") {
  std::mt19937 random(31);
  for (const std::size_t size : {128U, 384U, 1024U}) {
    const Rotation turn(size);
    const auto a = unit_vector(random, static_cast<int>(size)), b = unit_vector(random, static_cast<int>(size));
    CHECK(product(turn(a), turn(b)) == doctest::Approx(product(a, b)).epsilon(1e-4));
    CHECK(turn(a) == Rotation(size)(a));
    std::vector<float> one(size);
    one[5] = 1;
    for (const float value : turn(one)) CHECK(std::abs(value) < 0.5F);
  }
}

TEST_CASE("signs: every kernel of this processor gives the products of the plain loop, also of very long rows") {
  std::mt19937 random(32);
  for (const std::size_t bytes : {16U, 48U, 1024U, 8192U}) {
    for (const bool extreme : {false, true}) {
      constexpr std::size_t kBetween = 5;  // bytes that belong to no signs
      std::vector<std::uint8_t> bits(9 * (bytes + kBetween)), planes(3 * bytes);
      for (auto& byte : bits) byte = static_cast<std::uint8_t>(extreme ? 255 : random());
      for (std::size_t i = 0; i < planes.size(); ++i)
        planes[i] = static_cast<std::uint8_t>(extreme ? (i < 2 * bytes ? 0 : 255) : random());
      for (const std::vector<std::uint32_t>& wanted : {std::vector<std::uint32_t>{}, {8}, {0, 5}, {7, 7, 2}}) {
        std::vector<std::int32_t> expected;
        for (const std::uint32_t row : wanted) {
          std::int32_t sum = 0;
          for (std::size_t i = 0; i < 8 * bytes; ++i) {
            const auto bit = [&](std::size_t plane) { return planes[plane * bytes + i / 8] >> (i % 8) & 1; };
            const bool set = (bits[row * (bytes + kBetween) + i / 8] >> (i % 8) & 1) != 0;
            if (set) sum += bit(0) + 2 * bit(1) - 4 * bit(2);
          }
          expected.push_back(sum);
        }
        for (const SignProducts products_of : sign_kernels()) {
          std::vector<std::int32_t> products(wanted.size(), -1);
          products_of({bits.data(), bytes + kBetween}, bytes, wanted, planes.data(), products.data());
          CHECK(products == expected);
        }
      }
    }
  }
}

TEST_CASE("signs: no row that reaches a score is left out, most others are") {
  std::mt19937 random(33);
  constexpr std::size_t kRows = 1000;
  const auto shared = unit_vector(random, kStride);
  std::vector<std::int8_t> codes;
  std::vector<float> scales;
  std::vector<std::vector<float>> rows;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto row = quantize(blend(shared, unit_vector(random, kStride), i == 7 ? 1.0F : 0.5F));
    codes.insert(codes.end(), row.codes.begin(), row.codes.end());
    scales.push_back(row.scale);
    rows.push_back(values_of(row));
  }
  const SignCodes signs = sign_codes(codes, scales, kStride);
  REQUIRE(signs.factors.size() == kRows);
  const auto laid = rows_of(signs);
  std::size_t missed = 0, others = 0;
  for (int q = 0; q < 50; ++q) {
    // Near a row, as queries are.
    const auto near = blend(rows[random() % kRows], unit_vector(random, kStride), 0.7F);
    const auto query = values_of(quantize(near));
    const SignQuery asked(Rotation(kStride)(query), signs.mean, signs.doubt, 4);
    std::vector<float> scores;
    for (const auto& row : rows) scores.push_back(product(row, query));
    auto sorted = scores;
    std::sort(sorted.rbegin(), sorted.rend());
    const float floor = sorted[0];
    std::vector<bool> reaches;
    for (std::size_t begin = 0; begin < kRows; begin += SignQuery::kBatch) {
      std::vector<std::uint32_t> batch(std::min(SignQuery::kBatch, kRows - begin));
      std::iota(batch.begin(), batch.end(), static_cast<std::uint32_t>(begin));
      std::vector<float> bounds(batch.size());
      asked.bound({laid.data(), laid.size() / kRows}, batch, bounds);
      for (const float bound : bounds) reaches.push_back(bound >= floor);
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      missed += scores[row] >= floor && !reaches[row] ? 1 : 0;
      others += scores[row] < floor && reaches[row] ? 1 : 0;
    }
  }
  CHECK(missed == 0);
  CHECK(others < 50 * kRows / 4);
}

TEST_CASE("signs: of rows that are all the same, all zero or none") {
  const SignCodes none = sign_codes({}, {}, 128);
  CHECK(none.bits.empty());
  for (const std::int8_t code : {std::int8_t{0}, std::int8_t{5}}) {
    const std::vector<std::int8_t> codes(256, code);
    const std::vector<float> scales{0.01F, 0.01F};
    const SignCodes same = sign_codes(codes, scales, 128);
    const std::vector<float> query(128, 0.1F);
    const SignQuery asked(Rotation(128)(query), same.mean, same.doubt, 4);
    const float score = 12.8F * 0.01F * static_cast<float>(code);
    const auto laid = rows_of(same);
    std::vector<float> bounds(2);
    asked.bound({laid.data(), laid.size() / 2}, std::vector<std::uint32_t>{0, 1}, bounds);
    for (const float bound : bounds) CHECK(bound == doctest::Approx(score).epsilon(1e-3));
  }
}
