// A dense layer on oneDNN: y = x·Wᵀ + b, weights in the layout that this processor multiplies fastest.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/encoder/precision.h"

namespace twin::models {

/// Rows that are multiplied at once. Always so many, so that a text's vector does not depend on what it was encoded
/// with.
[[nodiscard]] constexpr std::int64_t rows_at_once(Precision precision) {
  return precision == Precision::bf16 ? 64 : 48;
}
/// Steps of row counts below it, for texts that are multiplied alone: 4 rows (of 24 outputs) are what an AVX2 kernel
/// keeps in registers, 16 rows are a tile of AMX.
[[nodiscard]] constexpr std::int64_t few_rows_step(Precision precision) {
  return precision == Precision::bf16 ? 16 : 4;
}

[[nodiscard]] constexpr std::int64_t padded_rows(std::int64_t rows, Precision precision) {
  const std::int64_t step = rows_at_once(precision);
  return (rows + step - 1) / step * step;
}

/// What one thread needs to run layers; not shared.
class DenseThread {
 public:
  DenseThread();
  ~DenseThread();
  DenseThread(const DenseThread&) = delete;
  DenseThread& operator=(const DenseThread&) = delete;

 private:
  friend class Dense;
  struct State;
  std::unique_ptr<State> state_;
};

class Dense {
 public:
  /// `weights`: outputs × inputs, row-major; `bias`: outputs. Both are copied. In bf16 weights and inputs are rounded
  /// to it, products are summed in float32. `few_rows`: what is left of a run beyond whole blocks of rows_at_once is
  /// multiplied in the fewest steps that hold it, with the same weights; a row's last bits then depend on how many rows
  /// it is run with.
  Dense(const std::vector<float>& weights, const std::vector<float>& bias, std::int64_t inputs, std::int64_t outputs,
        Precision precision, bool few_rows);
  ~Dense();
  Dense(Dense&&) noexcept;
  Dense& operator=(Dense&&) = delete;

  /// x: padded_rows(rows) × inputs, y: padded_rows(rows) × outputs, row-major; they must not overlap. What y holds
  /// beyond `rows` is not said. Thread-safe.
  void run(DenseThread& thread, const float* x, float* y, std::int64_t rows) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace twin::models
