#include "stores/index/vectors/sign_codes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/vector_math.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace twin::stores {
namespace {

constexpr std::size_t kTurned = 128;       // values of one transform
constexpr std::size_t kTable = 16;         // sums of four dimensions
constexpr float kLargestEntry = 127;       // so that two entries fit a byte
constexpr std::size_t kBytesAtOnce = 256;  // so many pairs of entries fit 16 bits

// SplitMix64: the signs are part of what files hold.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

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

float dot_floats(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

void sign_sums_portable(const std::uint8_t* block, std::size_t bytes, const std::uint8_t* tables, std::int32_t* sums) {
  std::fill_n(sums, kSignBlock, 0);
  for (std::size_t b = 0; b < bytes; ++b, block += kSignBlock, tables += 2 * kTable) {
    for (std::size_t row = 0; row < kSignBlock; ++row)
      sums[row] += tables[block[row] & 0xF] + tables[kTable + (block[row] >> 4)];
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) inline void add_rows_avx2(__m256i sixteen, std::int32_t* sums) {
  auto* out = reinterpret_cast<__m256i*>(sums);
  const __m256i lower = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(sixteen));
  const __m256i upper = _mm256_cvtepu16_epi32(_mm256_extracti128_si256(sixteen, 1));
  _mm256_storeu_si256(out, _mm256_add_epi32(_mm256_loadu_si256(out), lower));
  _mm256_storeu_si256(out + 1, _mm256_add_epi32(_mm256_loadu_si256(out + 1), upper));
}

// Sums of all bytes as 16 bits, of pairs of rows with what the odd ones carry above; and of the odd rows alone.
__attribute__((target("avx2"))) void sign_sums_avx2(const std::uint8_t* block, std::size_t bytes,
                                                    const std::uint8_t* tables, std::int32_t* sums) {
  const __m256i half = _mm256_set1_epi8(0xF);
  for (std::size_t i = 0; i < kSignBlock; i += 8)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + i), _mm256_setzero_si256());
  for (std::size_t done = 0; done < bytes; done += kBytesAtOnce) {
    __m256i pairs = _mm256_setzero_si256(), odd = pairs;
    for (std::size_t b = done; b < std::min(bytes, done + kBytesAtOnce); ++b) {
      const __m256i rows = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + b * kSignBlock));
      const auto* table = reinterpret_cast<const __m128i*>(tables + b * 2 * kTable);
      const __m256i lower = _mm256_broadcastsi128_si256(_mm_loadu_si128(table));
      const __m256i upper = _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 1));
      const __m256i found =
          _mm256_add_epi8(_mm256_shuffle_epi8(lower, _mm256_and_si256(rows, half)),
                          _mm256_shuffle_epi8(upper, _mm256_and_si256(_mm256_srli_epi16(rows, 4), half)));
      pairs = _mm256_add_epi16(pairs, found);
      odd = _mm256_add_epi16(odd, _mm256_srli_epi16(found, 8));
    }
    const __m256i even = _mm256_sub_epi16(pairs, _mm256_slli_epi16(odd, 8));
    const __m256i low = _mm256_unpacklo_epi16(even, odd), high = _mm256_unpackhi_epi16(even, odd);
    add_rows_avx2(_mm256_permute2x128_si256(low, high, 0x20), sums);
    add_rows_avx2(_mm256_permute2x128_si256(low, high, 0x31), sums + kSignBlock / 2);
  }
}

#endif

// A bit for each row whose highest score reaches `floor`.
TWIN_CLONES std::uint32_t rows_reaching(const std::int32_t* sums, float step, float shift, const float* factors,
                                        const float* offsets, float floor) {
  std::array<std::uint32_t, kSignBlock> bits;
  for (std::uint32_t row = 0; row < kSignBlock; ++row) {
    const float most = factors[row] * (step * static_cast<float>(sums[row]) + shift) + offsets[row];
    bits[row] = most >= floor ? 1U << row : 0U;
  }
  std::uint32_t all = 0;
  for (const std::uint32_t bit : bits) all |= bit;
  return all;
}

}  // namespace

Rotation::Rotation(std::size_t size) {
  std::uint64_t state = size;
  const float length = std::sqrt(static_cast<float>(kTurned));
  for (std::vector<float>* factors : {&first_, &second_}) {
    for (std::size_t i = 0; i < size; ++i) factors->push_back((next_random(state) & 1) != 0 ? 1 / length : -1 / length);
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
  const std::size_t rows = scales.size(), blocks = (rows + kSignBlock - 1) / kSignBlock, bytes = stride / 8;
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
  result.bits.resize(blocks * kSignBlock * bytes);
  result.factors.resize(blocks * kSignBlock);
  result.offsets.assign(blocks * kSignBlock, -std::numeric_limits<float>::infinity());
  const auto size = static_cast<float>(stride);
  const float mean_square = dot_floats(mean, mean);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto values = vector(row);
    auto turned = turn(values);
    float squares = 0, sizes = 0;
    std::uint8_t* const block = result.bits.data() + row / kSignBlock * kSignBlock * bytes + row % kSignBlock;
    for (std::size_t i = 0; i < stride; ++i) {
      const float value = turned[i] - result.mean[i];
      squares += value * value;
      sizes += std::abs(value);
      if (value > 0) block[i / 8 * kSignBlock] = static_cast<std::uint8_t>(block[i / 8 * kSignBlock] | 1U << (i % 8));
    }
    result.offsets[row] = dot_floats(values, mean) - mean_square;
    if (!(sizes > 0)) continue;  // the mean itself: its product is 0, as the factor says
    result.factors[row] = squares / sizes;
    const float deviation = std::sqrt(std::max(0.0F, size - sizes * sizes / squares) / (size - 1));
    result.doubt = std::max(result.doubt, deviation);
  }
  return result;
}

// <s, p> of the signs s and p = q - m is twice the sum of p where s is positive, less the sum of all of p. The former
// is looked up: of each four dimensions, the sum above the least one there is, in steps.
SignQuery::SignQuery(std::span<const float> turned, std::span<const float> mean, float doubt, float deviations) {
  const std::size_t groups = turned.size() / 4;
  std::vector<float> sums(groups * kTable);
  float base = 0, all = 0, squares = 0, widest = 0;
  for (std::size_t group = 0; group < groups; ++group) {
    const std::span<float> table = std::span(sums).subspan(group * kTable, kTable);
    float least = 0, width = 0;
    std::array<float, 4> values;
    for (std::size_t i = 0; i < 4; ++i) {
      const float value = values[i] = turned[group * 4 + i] - mean[group * 4 + i];
      all += value;
      squares += value * value;
      width += std::abs(value);
      least += std::min(value, 0.0F);
    }
    table[0] = -least;
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t signs = 0; signs < std::size_t{1} << i; ++signs)
        table[signs | std::size_t{1} << i] = table[signs] + values[i];
    }
    base += least;
    widest = std::max(widest, width);
  }
  const float step = widest / kLargestEntry, steps = widest > 0 ? 1 / step : 0;
  tables_.resize(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i)
    tables_[i] = static_cast<std::uint8_t>(std::clamp(sums[i] * steps + 0.5F, 0.0F, kLargestEntry));
  // Entries are off by up to half a step, evenly.
  const float rounding = step * step * static_cast<float>(groups) / 12;
  step_ = 2 * step;
  shift_ = 2 * base - all + deviations * std::sqrt(doubt * doubt * squares + 4 * rounding);
  // <m, q>, which scores hold beside what rows' offsets do.
  mean_part_ = dot_floats(turned, mean);
}

std::uint32_t SignQuery::reaching(const std::uint8_t* bits, const float* factors, const float* offsets,
                                  float floor) const {
  static const SignSums sums_of = sign_kernels().front();
  alignas(32) std::array<std::int32_t, kSignBlock> sums;
  sums_of(bits, tables_.size() / (2 * kTable), tables_.data(), sums.data());
  return rows_reaching(sums.data(), step_, shift_, factors, offsets, floor - mean_part_);
}

std::vector<SignSums> sign_kernels() {
  std::vector<SignSums> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) kernels.push_back(&sign_sums_avx2);
#endif
  kernels.push_back(&sign_sums_portable);
  return kernels;
}

}  // namespace twin::stores
