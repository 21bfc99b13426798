#include "stores/index/vectors/sign_codes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/split_mix.h"
#include "core/vector_math.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace twin::stores {
namespace {

constexpr std::size_t kTurned = 128;  // values of one transform
constexpr std::size_t kPlanes = 3;    // bits of a query's value, the last one negative

TWIN_CLONES void hadamard(float* values) {
  for (std::size_t half = kTurned / 2; half > 0; half /= 2) {
    for (std::size_t begin = 0; begin < kTurned; begin += 2 * half) {
      for (std::size_t i = begin; i < begin + half; ++i) {
        const float a = values[i], b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
}

void put_bit(std::uint8_t* bits, std::size_t at, bool bit) {
  bits[at / 8] = static_cast<std::uint8_t>(bits[at / 8] | unsigned{bit} << (at % 8));
}

float dot_floats(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

// Bits that both have.
TWIN_CLONES std::int32_t common_bits(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes) {
  std::int32_t count = 0;
  for (std::size_t at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    std::uint64_t of_a, of_b;
    std::memcpy(&of_a, a + at, sizeof of_a);
    std::memcpy(&of_b, b + at, sizeof of_b);
    count += std::popcount(of_a & of_b);
  }
  return count;
}

void sign_products_portable(const SignRows& rows, std::size_t bytes, std::span<const std::uint32_t> wanted,
                            const std::uint8_t* planes, std::int32_t* products) {
  for (const std::uint32_t number : wanted) {
    const std::uint8_t* const row = rows.first + number * rows.stride;
    *products++ = common_bits(row, planes, bytes) + 2 * common_bits(row, planes + bytes, bytes) -
                  4 * common_bits(row, planes + 2 * bytes, bytes);
  }
}

#if defined(__x86_64__)

// Bits of each byte, by a table of half bytes (Mula, Kurz & Lemire, Faster Population Counts Using AVX2 Instructions,
// 2018).
__attribute__((target("avx2"))) inline __m256i bits_of_bytes(__m256i bytes) {
  const __m256i half = _mm256_set1_epi8(0xF);
  const __m256i counts = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  return _mm256_add_epi8(_mm256_shuffle_epi8(counts, _mm256_and_si256(bytes, half)),
                         _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
}

// Two rows at a time, one in each half of a register. The products of the eight dimensions of a byte are kept above 0
// by 32.
__attribute__((target("avx2"))) void sign_products_avx2(const SignRows& rows, std::size_t bytes,
                                                        std::span<const std::uint32_t> wanted,
                                                        const std::uint8_t* planes, std::int32_t* products) {
  const auto load = [](const std::uint8_t* from) __attribute__((target("avx2"))) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  };
  const auto above = static_cast<std::int32_t>(32 * bytes);
  for (std::size_t i = 0; i < wanted.size(); i += 2) {
    const std::uint8_t* const one = rows.first + wanted[i] * rows.stride;
    const std::uint8_t* const other = i + 1 < wanted.size() ? rows.first + wanted[i + 1] * rows.stride : one;
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t at = 0; at < bytes; at += sizeof(__m128i)) {
      const __m256i both = _mm256_set_m128i(load(other + at), load(one + at));
      const auto common = [&](std::size_t plane) __attribute__((target("avx2"))) {
        const __m256i values = _mm256_broadcastsi128_si256(load(planes + plane * bytes + at));
        return bits_of_bytes(_mm256_and_si256(both, values));
      };
      __m256i found = _mm256_sub_epi8(_mm256_set1_epi8(8), common(kPlanes - 1));
      for (std::size_t plane = kPlanes - 1; plane-- > 0;)
        found = _mm256_add_epi8(_mm256_add_epi8(found, found), common(plane));
      sum = _mm256_add_epi64(sum, _mm256_sad_epu8(found, _mm256_setzero_si256()));
    }
    const __m256i sums = _mm256_add_epi64(sum, _mm256_unpackhi_epi64(sum, sum));
    products[i] = _mm256_extract_epi32(sums, 0) - above;
    if (i + 1 < wanted.size()) products[i + 1] = _mm256_extract_epi32(sums, 4) - above;
  }
}

#endif

}  // namespace

Rotation::Rotation(std::size_t size) {
  std::uint64_t state = size;  // the factors are part of what files hold
  const float length = std::sqrt(static_cast<float>(kTurned));
  for (std::vector<float>* factors : {&first_, &second_}) {
    for (std::size_t i = 0; i < size; ++i, state += split_mix_step)
      factors->push_back((split_mix(state) & 1) != 0 ? 1 / length : -1 / length);
  }
}

std::vector<float> Rotation::operator()(std::span<const float> vector) const {
  const std::size_t size = first_.size(), blocks = size / kTurned;
  std::vector<float> once(size), twice(size);
  for (std::size_t i = 0; i < vector.size(); ++i) once[i] = vector[i] * first_[i];
  for (std::size_t block = 0; block < blocks; ++block) hadamard(once.data() + block * kTurned);
  // Each block gets values of all blocks.
  for (std::size_t block = 0, at = 0; block < blocks; ++block) {
    for (std::size_t i = 0; i < kTurned; ++i, ++at) {
      const std::size_t to = i * blocks + block;
      twice[to] = once[at] * second_[to];
    }
  }
  for (std::size_t block = 0; block < blocks; ++block) hadamard(twice.data() + block * kTurned);
  return twice;
}

SignCodes sign_codes(std::span<const std::int8_t> codes, std::span<const float> scales, std::size_t stride) {
  const std::size_t rows = scales.size(), bytes = stride / 8;
  const auto vector = [&](std::size_t row) {
    std::vector<float> values(stride);
    for (std::size_t i = 0; i < stride; ++i) values[i] = static_cast<float>(codes[row * stride + i]) * scales[row];
    return values;
  };
  const Rotation turn(stride);
  std::vector<double> sum(stride);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto values = vector(row);
    for (std::size_t i = 0; i < stride; ++i) sum[i] += double{values[i]};
  }
  std::vector<float> mean(stride);
  for (std::size_t i = 0; i < stride && rows > 0; ++i) mean[i] = static_cast<float>(sum[i] / static_cast<double>(rows));

  SignCodes result;
  result.mean = turn(mean);
  result.bits.resize(rows * bytes);
  result.factors.resize(rows);
  result.offsets.resize(rows);
  const auto size = static_cast<float>(stride);
  const float mean_square = dot_floats(mean, mean);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto values = vector(row);
    auto turned = turn(values);
    float squares = 0, sizes = 0;
    std::uint8_t* const bits = result.bits.data() + row * bytes;
    for (std::size_t i = 0; i < stride; ++i) {
      const float value = turned[i] - result.mean[i];
      squares += value * value;
      sizes += std::abs(value);
      put_bit(bits, i, value > 0);
    }
    result.offsets[row] = dot_floats(values, mean) - mean_square;
    if (!(sizes > 0)) continue;  // the mean itself: its product is 0, as the factor says
    result.factors[row] = squares / sizes;
    const float deviation = std::sqrt(std::max(0.0F, size - sizes * sizes / squares) / (size - 1));
    result.doubt = std::max(result.doubt, deviation);
  }
  return result;
}

// <s, p> of the signs s and p = q - m is twice the sum of p where s is positive, less the sum of all of p.
SignQuery::SignQuery(std::span<const float> turned, std::span<const float> mean, float doubt, float deviations) {
  const std::size_t bytes = turned.size() / 8;
  std::vector<float> values(turned.begin(), turned.end());
  float squares = 0, widest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] -= mean[i];
    squares += values[i] * values[i];
    widest = std::max(widest, std::abs(values[i]));
  }
  constexpr float kLeast = -(1 << (kPlanes - 1)), kMost = -kLeast - 1;
  const float step = widest / (kMost + 0.5F), steps = widest > 0 ? 1 / step : 0;
  planes_.resize(kPlanes * bytes);
  float all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = std::clamp(std::nearbyint(values[i] * steps), kLeast, kMost);
    all += value;
    const auto bits = static_cast<unsigned>(static_cast<int>(value));
    for (std::size_t plane = 0; plane < kPlanes; ++plane)
      put_bit(planes_.data() + plane * bytes, i, (bits >> plane & 1) != 0);
  }
  // Values are off by up to half a step, evenly.
  const float rounding = step * step * static_cast<float>(values.size()) / 12;
  step_ = 2 * step;
  shift_ = deviations * std::sqrt(doubt * doubt * squares + rounding) - step * all;
  // <m, q>, which scores hold beside what rows' offsets do.
  mean_part_ = dot_floats(turned, mean);
}

void SignQuery::bound(const SignRows& rows, std::span<const std::uint32_t> wanted, std::span<float> scores) const {
  static const SignProducts products_of = sign_kernels().front();
  const std::size_t bytes = planes_.size() / kPlanes;
  std::array<std::int32_t, kBatch> products;
  products_of(rows, bytes, wanted, planes_.data(), products.data());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::array<float, 2> row;  // factor, offset
    std::memcpy(row.data(), rows.first + wanted[i] * rows.stride + bytes, sizeof row);
    scores[i] = row[0] * (step_ * static_cast<float>(products[i]) + shift_) + row[1] + mean_part_;
  }
}

std::vector<SignProducts> sign_kernels() {
  std::vector<SignProducts> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) kernels.push_back(&sign_products_avx2);
#endif
  kernels.push_back(&sign_products_portable);
  return kernels;
}

}  // namespace twin::stores
