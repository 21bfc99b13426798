// A frozen weight matrix: dense, or kept in ggml's blocks of few bits and widened when it is used.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace twin::training {

struct FrozenMatrix {
  at::Tensor dense;   ///< [rows, columns], or undefined
  at::Tensor blocks;  ///< uint8 [rows, bytes of a row], or undefined
  int type = 0;       ///< ggml type of the blocks
  std::int64_t columns = 0;

  [[nodiscard]] static FrozenMatrix of(at::Tensor dense);
  [[nodiscard]] std::int64_t rows() const { return dense.defined() ? dense.size(0) : blocks.size(0); }
  /// Widens into `out` [rows, columns] (float32 or bfloat16, rows contiguous, may be a part of wider rows).
  void write_to(at::Tensor out) const;
  /// The same matrix with its rows in another order: `order` int64 [rows].
  [[nodiscard]] FrozenMatrix reordered(const at::Tensor& order) const;
};

/// Bytes of a matrix in blocks of a ggml type by name; the same errors as quantize().
[[nodiscard]] Result<std::int64_t> quantized_bytes(std::int64_t rows, std::int64_t columns, const std::string& type);

/// Quantizes float32 rows to a ggml type by name ("q4_1"). Columns that do not divide into the type's blocks are
/// ErrorKind::invalid.
[[nodiscard]] Result<FrozenMatrix> quantize(const std::vector<float>& values, std::int64_t rows, std::int64_t columns,
                                            const std::string& type);

}  // namespace twin::training
