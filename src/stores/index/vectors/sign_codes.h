// Vectors by one bit a dimension, so that a scan reads an eighth of a byte for each and computes by table: RaBitQ.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stores/index/vectors/vector_query.h"

namespace twin::stores {

/// Rows whose bits lie together: byte b of the dimensions of all of them, then byte b + 1.
inline constexpr std::size_t kSignBlock = 32;

/// Turns vectors at random, always the same way: signs, Walsh-Hadamard transforms of 128 values each, and that once
/// more. What was in few dimensions is spread over all of them, so that the signs say as much of one vector as of
/// another.
class Rotation {
 public:
  /// `size`: a multiple of 128.
  explicit Rotation(std::size_t size);
  [[nodiscard]] std::vector<float> operator()(std::span<const float> vector) const;

 private:
  std::vector<float> first_, second_;  // factors of the two rounds
};

/// The signs of vectors, turned, as they differ from the mean of all (Gao & Long, RaBitQ, 2024). With the mean m, the
/// query q and s, the signs of x - m, <x - m, q - m> is estimated as factor * <s, q - m>, without bias; its deviation
/// is at most doubt * factor * |q - m|.
struct SignCodes {
  std::vector<float> mean;  ///< turned
  std::vector<std::uint8_t>
      bits;                    ///< blocks of kSignBlock rows; the last one is filled up with rows that reach nothing
  std::vector<float> factors;  ///< of rows, those that fill up included
  std::vector<float> offsets;  ///< <x, m> - <m, m>
  float doubt = 0;
};
/// Of rows of `stride` codes, a multiple of 128, each worth its scale.
[[nodiscard]] SignCodes sign_codes(std::span<const std::int8_t> codes, std::span<const float> scales,
                                   std::size_t stride);

/// A query as the signs of one set of rows are compared with it.
class SignQuery {
 public:
  /// `turned`: the query's values by the rotation; `deviations`: how far an estimate may be off.
  SignQuery(std::span<const float> turned, std::span<const float> mean, float doubt, float deviations);

  /// The scores that the rows of a block have at most, and a bit for each that reaches `floor`.
  std::uint32_t reaching(const std::uint8_t* bits, const float* factors, const float* offsets, float floor) const;

 private:
  std::vector<std::uint8_t> tables_;  // of eight dimensions: 16 sums of the lower four, 16 of the upper four
  float step_ = 0, shift_ = 0, mean_part_ = 0;
};

/// sums[r] = sum over b of tables[32 * b + the lower half of byte b of row r] + tables[32 * b + 16 + its upper half].
/// No table holds more than 127.
using SignSums = void (*)(const std::uint8_t* block, std::size_t bytes, const std::uint8_t* tables, std::int32_t* sums);
/// Those that this processor can run, fastest first; the last is portable C++. All give the same sums.
[[nodiscard]] std::vector<SignSums> sign_kernels();

}  // namespace twin::stores
