#include "models/merge/low_rank.h"

#include <algorithm>
#include <cmath>
#include <thread>

namespace twin::models {
namespace {

constexpr std::int64_t rows_worth_a_thread = 64;

/// y += Σ b[k]·a[k], four rows of A at a time: y is loaded and stored a quarter as often.
void add_combination(const float* b, float scale, const float* a, std::int64_t rank, std::int64_t n, float* y) {
  std::int64_t k = 0;
  for (; k + 4 <= rank; k += 4) {
    const float b0 = scale * b[k], b1 = scale * b[k + 1], b2 = scale * b[k + 2], b3 = scale * b[k + 3];
    const float *a0 = a + k * n, *a1 = a0 + n, *a2 = a1 + n, *a3 = a2 + n;
    for (std::int64_t i = 0; i < n; ++i) y[i] += (b0 * a0[i] + b1 * a1[i]) + (b2 * a2[i] + b3 * a3[i]);
  }
  for (; k < rank; ++k) {
    const float b0 = scale * b[k];
    const float* const a0 = a + k * n;
    for (std::int64_t i = 0; i < n; ++i) y[i] += b0 * a0[i];
  }
}

void set_length(float length, std::int64_t n, float* y) {
  double square = 0;
  for (std::int64_t i = 0; i < n; ++i) square += static_cast<double>(y[i]) * static_cast<double>(y[i]);
  if (square == 0) return;
  const auto factor = static_cast<float>(static_cast<double>(length) / std::sqrt(square));
  for (std::int64_t i = 0; i < n; ++i) y[i] *= factor;
}

}  // namespace

void add_low_rank(const LowRankUpdate& update, std::int64_t first, std::int64_t count, float* values) {
  const std::int64_t n = update.inputs;
  const auto scale = static_cast<float>(update.scale);
  const auto part = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t row = from; row < to; ++row) {
      float* const y = values + row * n;
      add_combination(update.b.data() + (first + row) * update.rank, scale, update.a.data(), update.rank, n, y);
      if (!update.magnitude.empty()) set_length(update.magnitude[static_cast<std::size_t>(first + row)], n, y);
    }
  };
  const auto cores = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
  const std::int64_t threads = std::clamp<std::int64_t>(count / rows_worth_a_thread, 1, cores);
  const std::int64_t share = (count + threads - 1) / threads;
  std::vector<std::jthread> others;
  for (std::int64_t t = 1; t < threads; ++t)
    others.emplace_back(part, std::min(count, t * share), std::min(count, (t + 1) * share));
  part(0, std::min(count, share));
}

}  // namespace twin::models
