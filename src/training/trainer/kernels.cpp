#include "training/trainer/kernels.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

#include "training/trainer/simd.h"

namespace twin::training::kernels {
namespace {

constexpr std::int64_t grain = 16;  // rows per task

/// Gives rows of a tensor as floats, whatever its type: float rows in place, bfloat16 rows through a buffer.
class Rows {
 public:
  explicit Rows(const at::Tensor& tensor)
      : data_(static_cast<char*>(tensor.data_ptr())),
        stride_(tensor.stride(0)),
        width_(tensor.size(1)),
        is_float_(tensor.scalar_type() == at::kFloat) {
    TORCH_CHECK(tensor.dim() == 2 && tensor.stride(1) == 1, "rows must be contiguous");
    TORCH_CHECK(is_float_ || tensor.scalar_type() == at::kBFloat16, "float32 or bfloat16 expected");
  }
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] bool is_float() const { return is_float_; }

  /// The row's floats: in place, or widened into `buffer` (width() floats).
  float* read(std::int64_t row, float* buffer) const {
    if (is_float_) return floats(row);
    simd::widen(halves(row), buffer, width_);
    return buffer;
  }
  /// Where to write floats before store(): in place, or `buffer`.
  float* target(std::int64_t row, float* buffer) const { return is_float_ ? floats(row) : buffer; }
  void store(std::int64_t row, const float* buffer) const {
    if (!is_float_) simd::narrow(buffer, halves(row), width_);
  }

 private:
  [[nodiscard]] float* floats(std::int64_t row) const { return reinterpret_cast<float*>(data_) + row * stride_; }
  [[nodiscard]] std::uint16_t* halves(std::int64_t row) const {
    return reinterpret_cast<std::uint16_t*>(data_) + row * stride_;
  }

  char* data_;
  std::int64_t stride_, width_;
  bool is_float_;
};

using Buffer = std::vector<float>;
std::size_t size_of(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

}  // namespace

void rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::Tensor y, at::Tensor scale) {
  const Rows in(x), out(y);
  const std::int64_t n = in.width();
  const auto* w = weight.const_data_ptr<float>();
  auto* scales = scale.data_ptr<float>();
  at::parallel_for(0, x.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(n));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, nullptr);
      const float mean = simd::dot(values, values, n) / static_cast<float>(n);
      scales[row] = 1.0f / std::sqrt(mean + static_cast<float>(epsilon));
      float* result = out.target(row, buffer.data());
      simd::scaled_product(values, w, scales[row], result, n);
      out.store(row, result);
    }
  });
}

void rms_norm_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scale, const at::Tensor& dy,
                       at::Tensor dx) {
  const Rows in(x), gradient(dy), out(dx);
  const std::int64_t n = in.width();
  const auto* w = weight.const_data_ptr<float>();
  const auto* scales = scale.const_data_ptr<float>();
  at::parallel_for(0, x.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(n));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, nullptr);
      const float* g = gradient.read(row, buffer.data());
      const float s = scales[row];
      const float shift = s * s * s * simd::dot3(values, w, g, n) / static_cast<float>(n);
      simd::rms_norm_backward(values, w, g, s, shift, out.read(row, nullptr), n);
    }
  });
}

void rope(at::Tensor rows, const at::Tensor& cosine, const at::Tensor& sine, std::int64_t heads, bool backward) {
  const std::int64_t half = cosine.size(1);
  const Rows in(rows.narrow(1, 0, heads * half * 2));
  const auto* c = cosine.const_data_ptr<float>();
  const auto* s = sine.const_data_ptr<float>();
  at::parallel_for(0, rows.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(in.width()));
    for (std::int64_t row = begin; row < end; ++row) {
      float* values = in.read(row, buffer.data());
      for (std::int64_t head = 0; head < heads; ++head) {
        simd::rotate_halves(values + head * half * 2, c + row * half, s + row * half, backward ? -1.0f : 1.0f, half);
      }
      in.store(row, values);
    }
  });
}

void gated(Family::Gate gate, const at::Tensor& gate_up, at::Tensor h) {
  const Rows in(gate_up), out(h);
  const std::int64_t n = out.width();
  const auto compute = gate == Family::Gate::silu ? simd::swiglu : simd::geglu;
  at::parallel_for(0, h.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(3 * n));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, buffer.data());
      float* result = out.target(row, buffer.data() + 2 * n);
      compute(values, values + n, result, n);
      out.store(row, result);
    }
  });
}

void gated_backward(Family::Gate gate, const at::Tensor& gate_up, const at::Tensor& dh, at::Tensor dgate_up) {
  const Rows in(gate_up), gradient(dh), out(dgate_up);
  const std::int64_t n = gradient.width();
  const auto compute = gate == Family::Gate::silu ? simd::swiglu_backward : simd::geglu_backward;
  at::parallel_for(0, dh.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(5 * n));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, buffer.data());
      const float* g = gradient.read(row, buffer.data() + 2 * n);
      float* result = out.target(row, buffer.data() + 3 * n);
      compute(values, values + n, g, result, result + n, n);
      out.store(row, result);
    }
  });
}

void head_norm(at::Tensor rows, const at::Tensor& query, const at::Tensor& key, std::int64_t query_heads,
               double epsilon, at::Tensor scale) {
  const std::int64_t heads = scale.size(1), n = query.size(0);
  const Rows in(rows.narrow(1, 0, heads * n));
  auto* scales = scale.data_ptr<float>();
  const auto *wq = query.const_data_ptr<float>(), *wk = key.const_data_ptr<float>();
  at::parallel_for(0, rows.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(heads * n));
    for (std::int64_t row = begin; row < end; ++row) {
      float* values = in.read(row, buffer.data());
      for (std::int64_t head = 0; head < heads; ++head) {
        float* x = values + head * n;
        const float s = 1.0f / std::sqrt(simd::dot(x, x, n) / static_cast<float>(n) + static_cast<float>(epsilon));
        scales[row * heads + head] = s;
        simd::scaled_product(x, head < query_heads ? wq : wk, s, x, n);
      }
      in.store(row, values);
    }
  });
}

void head_norm_backward(const at::Tensor& x, const at::Tensor& query, const at::Tensor& key, std::int64_t query_heads,
                        const at::Tensor& scale, at::Tensor gradient) {
  const std::int64_t heads = scale.size(1), n = query.size(0), width = heads * n;
  const Rows in(x), out(gradient.narrow(1, 0, width));
  const auto* scales = scale.const_data_ptr<float>();
  const auto *wq = query.const_data_ptr<float>(), *wk = key.const_data_ptr<float>();
  at::parallel_for(0, x.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(3 * width));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, buffer.data());
      const float* g = out.read(row, buffer.data() + width);
      float* result = buffer.data() + 2 * width;
      std::fill_n(result, width, 0.0f);
      for (std::int64_t head = 0; head < heads; ++head) {
        const float* w = head < query_heads ? wq : wk;
        const std::int64_t at = head * n;
        const float s = scales[row * heads + head];
        const float shift = s * s * s * simd::dot3(values + at, w, g + at, n) / static_cast<float>(n);
        simd::rms_norm_backward(values + at, w, g + at, s, shift, result + at, n);
      }
      std::copy_n(result, width, out.target(row, buffer.data() + width));
      out.store(row, buffer.data() + width);
    }
  });
}

void add_norm(const at::Tensor& y, const at::Tensor& weight, double epsilon, at::Tensor residual, at::Tensor scale) {
  const Rows in(y), out(residual);
  const std::int64_t n = in.width();
  const auto* w = weight.const_data_ptr<float>();
  auto* scales = scale.data_ptr<float>();
  at::parallel_for(0, y.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(2 * n));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, buffer.data());
      const float mean = simd::dot(values, values, n) / static_cast<float>(n);
      scales[row] = 1.0f / std::sqrt(mean + static_cast<float>(epsilon));
      float* normed = buffer.data() + n;
      simd::scaled_product(values, w, scales[row], normed, n);
      simd::add(normed, out.read(row, nullptr), n);
    }
  });
}

void add_norm_backward(const at::Tensor& y, const at::Tensor& weight, const at::Tensor& scale,
                       const at::Tensor& dresidual, at::Tensor dy) {
  const Rows in(y), gradient(dresidual), out(dy);
  const std::int64_t n = in.width();
  const auto* w = weight.const_data_ptr<float>();
  const auto* scales = scale.const_data_ptr<float>();
  at::parallel_for(0, y.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(2 * n));
    for (std::int64_t row = begin; row < end; ++row) {
      const float* values = in.read(row, buffer.data());
      const float* g = gradient.read(row, nullptr);
      const float s = scales[row];
      const float shift = s * s * s * simd::dot3(values, w, g, n) / static_cast<float>(n);
      float* result = out.target(row, buffer.data() + n);
      std::fill_n(result, n, 0.0f);
      simd::rms_norm_backward(values, w, g, s, shift, result, n);
      out.store(row, result);
    }
  });
}

void add(const at::Tensor& y, at::Tensor residual) {
  const Rows in(y), out(residual);
  at::parallel_for(0, y.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(in.width()));
    for (std::int64_t row = begin; row < end; ++row)
      simd::add(in.read(row, buffer.data()), out.read(row, nullptr), in.width());
  });
}

void cross_entropy(at::Tensor logits, const std::int64_t* targets, bool gradient, double* nll) {
  const Rows rows(logits);
  const std::int64_t n = rows.width();
  at::parallel_for(0, logits.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    Buffer buffer(size_of(n));
    for (std::int64_t row = begin; row < end; ++row) {
      float* values = rows.read(row, buffer.data());
      const float shift = simd::maximum(values, n);
      const float target_logit = values[targets[row]];
      const float sum = simd::exp_sum(values, shift, n);
      nll[row] = std::log(static_cast<double>(sum)) + static_cast<double>(shift) - static_cast<double>(target_logit);
      if (!gradient) continue;
      simd::scale(values, 1.0f / sum, n);
      values[targets[row]] -= 1.0f;
      rows.store(row, values);
    }
  });
}

}  // namespace twin::training::kernels
