#include "stores/index/vectors/sign_codes.h"

#include <doctest/doctest.h>

#include <cmath>
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

TEST_CASE("signs: every kernel of this processor gives the sums of the plain loop, also of very long rows") {
  std::mt19937 random(32);
  for (const std::size_t bytes : {1U, 16U, 48U, 256U, 257U, 8192U}) {
    for (const bool extreme : {false, true}) {
      std::vector<std::uint8_t> block(bytes * kSignBlock), tables(bytes * 32);
      for (auto& byte : block) byte = static_cast<std::uint8_t>(random());
      for (auto& entry : tables) entry = static_cast<std::uint8_t>(extreme ? 127 : random() % 128);
      std::vector<std::int32_t> expected(kSignBlock);
      for (std::size_t b = 0; b < bytes; ++b) {
        for (std::size_t row = 0; row < kSignBlock; ++row) {
          const unsigned byte = block[b * kSignBlock + row];
          expected[row] += tables[32 * b + byte % 16] + tables[32 * b + 16 + byte / 16];
        }
      }
      for (const SignSums sums_of : sign_kernels()) {
        std::vector<std::int32_t> sums(kSignBlock, -1);
        sums_of(block.data(), bytes, tables.data(), sums.data());
        CHECK(sums == expected);
      }
    }
  }
}

TEST_CASE(
    "signs: no row that reaches a score is left out, most others are, and rows that fill up a block reach nothing") {
  std::mt19937 random(33);
  constexpr std::size_t kRows = 1000;  // no multiple of a block
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
  REQUIRE(signs.factors.size() == 1024);
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
    for (std::size_t begin = 0; begin < signs.factors.size(); begin += kSignBlock) {
      const std::uint32_t reaching = asked.reaching(signs.bits.data() + begin * kStride / 8,
                                                    signs.factors.data() + begin, signs.offsets.data() + begin, floor);
      for (std::size_t row = 0; row < kSignBlock; ++row) {
        const bool reaches = (reaching >> row & 1) != 0;
        if (begin + row >= kRows) {
          CHECK_FALSE(reaches);
        } else if (scores[begin + row] >= floor) {
          missed += reaches ? 0 : 1;
        } else {
          others += reaches ? 1 : 0;
        }
      }
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
    CHECK(asked.reaching(same.bits.data(), same.factors.data(), same.offsets.data(), score - 1e-4F) == 3U);
    CHECK(asked.reaching(same.bits.data(), same.factors.data(), same.offsets.data(), score + 1e-2F) == 0U);
  }
}
