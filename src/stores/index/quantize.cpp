#include "stores/index/quantize.h"

#include <algorithm>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace twin::stores {
namespace {

constexpr float kLargestCode = 127;
constexpr std::size_t kGroup = 128;  // half bytes that share 64 bytes

void dots_portable(const std::int8_t* rows, std::size_t stride, std::size_t count, const std::int8_t* query,
                   std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r, rows += stride) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride; ++i) sum += std::int32_t{rows[i]} * query[i];
    out[r] = sum;
  }
}

void half_dots_portable(const std::uint8_t* halves, std::size_t stride, const std::uint32_t* rows, std::size_t count,
                        const std::int8_t* query, std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r) {
    const std::uint8_t* const row = halves + rows[r] * stride;
    std::int32_t sum = 0;
    for (std::size_t byte = 0; byte < stride; ++byte) {
      const std::int8_t* q = query + byte / (kGroup / 2) * kGroup + byte % (kGroup / 2);
      sum += (row[byte] & 0xF) * q[0] + (row[byte] >> 4) * q[kGroup / 2];
    }
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

// The products of a group in sixteen sums: four times two products of at most 15 * 127 fit 16 bits.
__attribute__((target("avx2"))) inline __m256i group_sums_avx2(const std::uint8_t* row, const std::int8_t* query) {
  const __m256i half = _mm256_set1_epi8(0xF);
  const auto* bytes = reinterpret_cast<const __m256i*>(row);
  const auto* q = reinterpret_cast<const __m256i*>(query);
  const __m256i a = _mm256_loadu_si256(bytes), b = _mm256_loadu_si256(bytes + 1);
  const __m256i first = _mm256_maddubs_epi16(_mm256_and_si256(a, half), _mm256_loadu_si256(q));
  const __m256i second = _mm256_maddubs_epi16(_mm256_and_si256(b, half), _mm256_loadu_si256(q + 1));
  const __m256i third =
      _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(a, 4), half), _mm256_loadu_si256(q + 2));
  const __m256i fourth =
      _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(b, 4), half), _mm256_loadu_si256(q + 3));
  return _mm256_add_epi16(_mm256_add_epi16(first, second), _mm256_add_epi16(third, fourth));
}

// Four rows at a time: their sums are brought together at the end, in a third of the steps that each alone takes. Of
// fewer the last one counts several times.
__attribute__((target("avx2"))) void half_dots_avx2(const std::uint8_t* halves, std::size_t stride,
                                                    const std::uint32_t* rows, std::size_t count,
                                                    const std::int8_t* query, std::int32_t* out) {
  constexpr std::size_t kTogether = 4;
  const __m256i ones = _mm256_set1_epi16(1);
  for (std::size_t done = 0; done < count; done += kTogether) {
    const std::size_t last = std::min(kTogether, count - done) - 1;
    const std::uint8_t* a = halves + rows[done] * stride;
    const std::uint8_t* b = halves + rows[done + std::min<std::size_t>(1, last)] * stride;
    const std::uint8_t* c = halves + rows[done + std::min<std::size_t>(2, last)] * stride;
    const std::uint8_t* d = halves + rows[done + last] * stride;
    __m256i of_a = _mm256_setzero_si256(), of_b = of_a, of_c = of_a, of_d = of_a;
    for (std::size_t byte = 0; byte < stride; byte += kGroup / 2) {
      const std::int8_t* q = query + 2 * byte;
      of_a = _mm256_add_epi32(of_a, _mm256_madd_epi16(group_sums_avx2(a + byte, q), ones));
      of_b = _mm256_add_epi32(of_b, _mm256_madd_epi16(group_sums_avx2(b + byte, q), ones));
      of_c = _mm256_add_epi32(of_c, _mm256_madd_epi16(group_sums_avx2(c + byte, q), ones));
      of_d = _mm256_add_epi32(of_d, _mm256_madd_epi16(group_sums_avx2(d + byte, q), ones));
    }
    const __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(of_a, of_b), _mm256_hadd_epi32(of_c, of_d));
    const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    if (last + 1 == kTogether) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done), sums);
    } else {
      alignas(16) std::int32_t four[kTogether];
      _mm_store_si128(reinterpret_cast<__m128i*>(four), sums);
      std::copy_n(four, last + 1, out + done);
    }
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

__attribute__((target("avx512f,avx512bw,avx512vnni"))) void half_dots_avx512_vnni(
    const std::uint8_t* halves, std::size_t stride, const std::uint32_t* rows, std::size_t count,
    const std::int8_t* query, std::int32_t* out) {
  const __m512i half = _mm512_set1_epi8(0xF);
  for (std::size_t r = 0; r < count; ++r) {
    const std::uint8_t* const codes = halves + rows[r] * stride;
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t byte = 0; byte < stride; byte += kGroup / 2) {
      const __m512i row = _mm512_loadu_si512(codes + byte);
      const std::int8_t* q = query + 2 * byte;
      sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(row, half), _mm512_loadu_si512(q));
      sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(_mm512_srli_epi16(row, 4), half),
                                _mm512_loadu_si512(q + kGroup / 2));
    }
    alignas(64) std::int32_t lanes[16];
    _mm512_store_si512(lanes, sum);
    std::int32_t total = 0;
    for (const std::int32_t lane : lanes) total += lane;
    out[r] = total;
  }
}

#endif

}  // namespace

void split_codes(std::span<const std::int8_t> codes, std::span<std::uint8_t> upper, std::span<std::uint8_t> lower) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = static_cast<unsigned>(codes[i] + 128);
    const std::size_t byte = i / kGroup * (kGroup / 2) + i % (kGroup / 2);
    const unsigned shift = i % kGroup < kGroup / 2 ? 0 : 4;
    const auto put = [&](std::uint8_t& out, unsigned value) {
      out = static_cast<std::uint8_t>(shift == 0 ? value : out | value << shift);
    };
    put(upper[byte], code >> 4);
    put(lower[byte], code & 0xF);
  }
}

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
    kernels.push_back({"avx512-vnni", &dots_avx512_vnni, &half_dots_avx512_vnni});
  }
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", &dots_avx2, &half_dots_avx2});
#endif
  kernels.push_back({"portable", &dots_portable, &half_dots_portable});
  return kernels;
}

const DotKernel& best_dot_kernel() {
  static const DotKernel best = dot_kernels().front();
  return best;
}

}  // namespace twin::stores
