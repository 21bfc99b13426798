// The types that merged weights are stored in, before any quantization.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace twin::models {

enum class FloatType { f32, f16, bf16 };

/// "f32", "f16" or "bf16", in any case; ErrorKind::usage for another.
[[nodiscard]] Result<FloatType> float_type_named(const std::string& name);
[[nodiscard]] std::string to_string(FloatType type);
[[nodiscard]] std::size_t bytes_of(FloatType type);

/// `count` values as stored, little-endian, into `bytes` (made that long). ErrorKind::invalid for a value that is not
/// finite or, in f16, beyond ±65504; the message names `tensor`.
[[nodiscard]] Result<void> encode(FloatType type, const float* values, std::int64_t count, const std::string& tensor,
                                  std::vector<char>& bytes);

}  // namespace twin::models
