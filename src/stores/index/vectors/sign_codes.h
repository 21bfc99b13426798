// Vectors by one bit a dimension, so that a scan reads an eighth of a byte for each and counts bits: RaBitQ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stores/index/vectors/vector_query.h"

namespace twin::stores {

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
  std::vector<float> mean;         ///< turned
  std::vector<std::uint8_t> bits;  ///< an eighth of a row's dimensions each; 1: above the mean
  std::vector<float> factors;
  std::vector<float> offsets;  ///< <x, m> - <m, m>
  float doubt = 0;
};
/// Of rows of `stride` codes, a multiple of 128, each worth its scale.
[[nodiscard]] SignCodes sign_codes(std::span<const std::int8_t> codes, std::span<const float> scales,
                                   std::size_t stride);

/// Rows as they lie in memory, `stride` bytes each: the bits, factor and offset of a row, and what else belongs to it.
struct SignRows {
  const std::uint8_t* first = nullptr;
  std::size_t stride = 0;
};

/// A query as the signs of one set of rows are compared with it: each dimension in eight steps, which adds little to
/// what one bit of a row leaves open.
class SignQuery {
 public:
  /// `turned`: the query's values by the rotation; `deviations`: how far an estimate may be off.
  SignQuery(std::span<const float> turned, std::span<const float> mean, float doubt, float deviations);

  /// Rows compared at a time, at most.
  static constexpr std::size_t kBatch = 64;
  /// What the rows numbered by `wanted`, kBatch at most, score at most.
  void bound(const SignRows& rows, std::span<const std::uint32_t> wanted, std::span<float> scores) const;

 private:
  std::vector<std::uint8_t> planes_;
  float step_ = 0, shift_ = 0, mean_part_ = 0;
};

/// products[i] = sum over the bits set in row wanted[i] of the query's value there, -4 to 3, in two's complement:
/// `planes` holds `bytes` of bits 1, then of bits 2 and -4. `bytes`, of a row's bits: a multiple of 16.
using SignProducts = void (*)(const SignRows& rows, std::size_t bytes, std::span<const std::uint32_t> wanted,
                              const std::uint8_t* planes, std::int32_t* products);
/// Those that this processor can run, fastest first; the last is portable C++. All give the same products.
[[nodiscard]] std::vector<SignProducts> sign_kernels();

}  // namespace twin::stores
