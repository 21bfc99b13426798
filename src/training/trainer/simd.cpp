#include "training/trainer/simd.h"

#include <bit>
#include <cmath>

#include "core/vector_math.h"

namespace twin::training::simd {
namespace {

__attribute__((always_inline)) inline float sigmoid(float x) {
  return 1.0f / (1.0f + exp_fast(-x));
}

constexpr float gelu_slope = 2 * 0.7978845608028654f;  // 2·√(2/π)
constexpr float gelu_cubic = 0.044715f;

}  // namespace

TWIN_CLONES void widen(const std::uint16_t* from, float* to, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(from[i]) << 16);
}

TWIN_CLONES void narrow(const float* from, std::uint16_t* to, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(from[i]);
    // The NaNs that arithmetic makes have an empty lower half: rounding keeps them NaN.
    to[i] = static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
  }
}

TWIN_CLONES float dot(const float* a, const float* b, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

TWIN_CLONES float dot3(const float* a, const float* b, const float* c, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i] * c[i];
  return sum;
}

TWIN_CLONES void scaled_product(const float* x, const float* w, float scale, float* y, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] * scale * w[i];
}

TWIN_CLONES void add(const float* a, float* y, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] += a[i];
}

TWIN_CLONES void rms_norm_backward(const float* x, const float* w, const float* dy, float scale, float shift, float* dx,
                                   std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) dx[i] += scale * w[i] * dy[i] - shift * x[i];
}

TWIN_CLONES void rotate_halves(float* x, const float* cosine, const float* sine, float sign, std::int64_t half) {
#pragma omp simd
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = x[i];
    const float b = x[i + half];
    x[i] = a * cosine[i] - sign * b * sine[i];
    x[i + half] = b * cosine[i] + sign * a * sine[i];
  }
}

TWIN_CLONES void swiglu(const float* gate, const float* up, float* h, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) h[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

TWIN_CLONES void swiglu_backward(const float* gate, const float* up, const float* dh, float* dgate, float* dup,
                                 std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float s = sigmoid(gate[i]);
    const float silu = gate[i] * s;
    dgate[i] = dh[i] * up[i] * (s + silu * (1.0f - s));
    dup[i] = dh[i] * silu;
  }
}

TWIN_CLONES void geglu(const float* gate, const float* up, float* h, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float x = gate[i];
    // (1 + tanh u) / 2 = sigmoid(2u)
    h[i] = x * sigmoid(gelu_slope * (x + gelu_cubic * x * x * x)) * up[i];
  }
}

TWIN_CLONES void geglu_backward(const float* gate, const float* up, const float* dh, float* dgate, float* dup,
                                std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float x = gate[i];
    const float s = sigmoid(gelu_slope * (x + gelu_cubic * x * x * x));
    const float ds = s * (1.0f - s) * gelu_slope * (1.0f + 3.0f * gelu_cubic * x * x);
    dgate[i] = dh[i] * up[i] * (s + x * ds);
    dup[i] = dh[i] * x * s;
  }
}

TWIN_CLONES float maximum(const float* x, std::int64_t n) {
  float best = x[0];
#pragma omp simd reduction(max : best)
  for (std::int64_t i = 0; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

TWIN_CLONES float exp_sum(float* x, float shift, std::int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) {
    x[i] = exp_fast(x[i] - shift);
    sum += x[i];
  }
  return sum;
}

TWIN_CLONES void scale(float* x, float factor, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) x[i] *= factor;
}

TWIN_CLONES void adamw(float* parameter, float* m, float* v, const float* gradient, const AdamStep& step,
                       std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = gradient[i] * step.gradient_scale;
    m[i] = step.beta1 * m[i] + (1.0f - step.beta1) * g;
    v[i] = step.beta2 * v[i] + (1.0f - step.beta2) * g * g;
    const float update = (m[i] / step.correction1) / (std::sqrt(v[i] / step.correction2) + step.epsilon);
    parameter[i] -= step.lr * (update + step.decay * parameter[i]);
  }
}

}  // namespace twin::training::simd
