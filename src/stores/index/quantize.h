// Vectors as bytes, and their dot products by SIMD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace twin::stores {

/// x[i] ~ codes[i] * scale, symmetric, codes in -127 … 127; a zero vector has scale 0.
struct QuantizedVector {
  float scale = 0;
  std::vector<std::int8_t> codes;
};
[[nodiscard]] QuantizedVector quantize(std::span<const float> vector);

/// Rows are padded with zeros to a multiple of this many codes.
inline constexpr std::size_t kRowAlignment = 128;
[[nodiscard]] constexpr std::size_t row_bytes(std::size_t dimension) {
  return (dimension + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}

/// out[r] = sum over i of rows[r * stride + i] * query[i], for r < count. `stride` is a multiple of 64, no code is
/// -128, and the products fit 32 bits (dimension up to 2^17).
using DotRows = void (*)(const std::int8_t* rows, std::size_t stride, std::size_t count, const std::int8_t* query,
                         std::int32_t* out);

/// Half bytes, 0 to 15, two to a byte: of each 128 values, value i lies in the lower half of byte i and value i + 64 in
/// its upper half. `codes` are a multiple of kRowAlignment, `upper` and `lower` half as many bytes: the halves of
/// code + 128, so that code = 16 * upper + lower - 128.
void split_codes(std::span<const std::int8_t> codes, std::span<std::uint8_t> upper, std::span<std::uint8_t> lower);
/// The same as DotRows over some rows of `halves`, `rows[0]` … `rows[count - 1]`, which are of half bytes: `stride` is
/// in bytes, a multiple of 64; `query` has 2 * stride codes.
using HalfDotRows = void (*)(const std::uint8_t* halves, std::size_t stride, const std::uint32_t* rows,
                             std::size_t count, const std::int8_t* query, std::int32_t* out);

struct DotKernel {
  std::string_view name;
  DotRows dots;
  HalfDotRows half_dots;
};
/// Those that this processor can run, fastest first; the last is portable C++. All give the same sums.
[[nodiscard]] std::vector<DotKernel> dot_kernels();
/// The fastest.
[[nodiscard]] const DotKernel& best_dot_kernel();

}  // namespace twin::stores
