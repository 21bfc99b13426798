// What numbers an encoder multiplies.
#pragma once

namespace twin::models {

enum class Precision {
  f32,
  bf16,  ///< inputs and weights of products in bfloat16, sums in float32: cosine to f32 above 0.999
};

/// bf16 where the processor multiplies it by itself (AVX-512 BF16, AMX), else f32.
[[nodiscard]] Precision best_precision();

}  // namespace twin::models
