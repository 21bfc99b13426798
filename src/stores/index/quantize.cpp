#include "stores/index/quantize.h"

#include <algorithm>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace twin::stores {
namespace {

constexpr float kLargestCode = 127;

void dots_portable(const std::int8_t* rows, std::size_t stride, std::size_t count, const std::int8_t* query,
                   std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride; ++i) sum += std::int32_t{rows[i]} * query[i];
    out[r] = sum;
  }
}

#if defined(__x86_64__)

// |row| (unsigned) times query with the row's sign: two products of at most 127 * 127 fit 16 bits.
__attribute__((target("avx2"))) void dots_avx2(const std::int8_t* rows, std::size_t stride, std::size_t count,
                                               const std::int8_t* query, std::int32_t* out) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t i = 0; i < stride; i += 32) {
      const __m256i row = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows + i));
      const __m256i q = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + i));
      const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(row), _mm256_sign_epi8(q, row));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
    out[r] = _mm_cvtsi128_si32(half);
  }
}

// VPDPBUSD multiplies unsigned by signed bytes: the row is shifted by 128, and 128 * sum(query) taken off at the end.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void dots_avx512_vnni(const std::int8_t* rows,
                                                                             std::size_t stride, std::size_t count,
                                                                             const std::int8_t* query,
                                                                             std::int32_t* out) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(-128));
  std::int32_t shift = 0;
  for (std::size_t i = 0; i < stride; ++i) shift += query[i];
  shift *= 128;
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t i = 0; i < stride; i += 64) {
      const __m512i row = _mm512_xor_si512(_mm512_loadu_si512(rows + i), flip);
      sum = _mm512_dpbusd_epi32(sum, row, _mm512_loadu_si512(query + i));
    }
    // Not _mm512_reduce_add_epi32: g++ 12 warns of an uninitialized value inside it (GCC bug 105593).
    alignas(64) std::int32_t lanes[16];
    _mm512_store_si512(lanes, sum);
    std::int32_t total = -shift;
    for (const std::int32_t lane : lanes) total += lane;
    out[r] = total;
  }
}

#endif

}  // namespace

QuantizedVector quantize(std::span<const float> vector) {
  float largest = 0;
  for (const float x : vector) largest = std::max(largest, std::abs(x));
  QuantizedVector result{largest / kLargestCode, std::vector<std::int8_t>(vector.size())};
  if (largest == 0) return result;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    const float code = std::nearbyint(vector[i] * (kLargestCode / largest));
    result.codes[i] = static_cast<std::int8_t>(std::clamp(code, -kLargestCode, kLargestCode));
  }
  return result;
}

std::vector<DotKernel> dot_kernels() {
  std::vector<DotKernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni")) {
    kernels.push_back({"avx512-vnni", &dots_avx512_vnni});
  }
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", &dots_avx2});
#endif
  kernels.push_back({"portable", &dots_portable});
  return kernels;
}

const DotKernel& best_dot_kernel() {
  static const DotKernel best = dot_kernels().front();
  return best;
}

}  // namespace twin::stores
