#include "training/trainer/muon.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

namespace twin::training {
namespace {

constexpr double quintic_a = 3.4445, quintic_b = -4.7750, quintic_c = 2.0315;
constexpr double norm_floor = 1e-7;
constexpr double adamw_size = 0.2;  // root mean square of AdamW's step at a learning rate of 1

}  // namespace

at::Tensor orthogonalized(const at::Tensor& matrix, int steps) {
  const bool tall = matrix.size(0) > matrix.size(1);
  auto x = tall ? matrix.t().contiguous() : matrix.contiguous();  // the product below is of the shorter side
  x = x / (at::linalg_vector_norm(x) + norm_floor);
  for (int i = 0; i < steps; ++i) {
    const auto gram = at::mm(x, x.t());
    x = at::addmm(x, at::addmm(gram, gram, gram, quintic_b, quintic_c), x, quintic_a, 1.0);
  }
  return tall ? x.t() : x;
}

Muon::Muon(const at::Tensor& weights, std::vector<MatrixPlace> matrices, double momentum_share, int steps)
    : momentum(at::zeros_like(weights)), matrices_(std::move(matrices)), mu_(momentum_share), steps_(steps) {
  std::int64_t at = 0, second = 0;
  const auto leave = [&](std::int64_t until) {
    if (until > at) rest_.push_back({.first = at, .count = until - at, .second = second});
    second += std::max<std::int64_t>(0, until - at);
  };
  for (const MatrixPlace& place : matrices_) {
    leave(place.first);
    at = place.first + place.rows * place.columns;
  }
  leave(weights.numel());
  second_moment_ = at::zeros({second}, at::kFloat);
}

std::map<std::string, at::Tensor> Muon::state() const {
  std::map<std::string, at::Tensor> state = {{"momentum", momentum}};
  if (second_moment_.numel() > 0) state["second_moment"] = second_moment_;
  return state;
}

void Muon::update_matrix(const MatrixPlace& place, float* weights, const float* gradients,
                         const simd::AdamStep& how) const {
  const auto view = [&](float* values) {
    return at::from_blob(values + place.first, {place.rows, place.columns}, at::kFloat);
  };
  const auto gradient = view(const_cast<float*>(gradients)) * how.gradient_scale;
  auto moving = view(momentum.data_ptr<float>());
  moving.mul_(mu_).add_(gradient, 1.0 - mu_);
  const auto direction = orthogonalized(gradient * (1.0 - mu_) + moving * mu_, steps_);
  const auto longer = static_cast<double>(std::max(place.rows, place.columns));
  const double lr = how.lr, decay = how.decay;
  view(weights).mul_(1.0 - lr * decay).add_(direction, -lr * adamw_size * std::sqrt(longer));
}

void Muon::update(float* weights, const float* gradients, std::int64_t, const simd::AdamStep& how) {
  at::parallel_for(0, static_cast<std::int64_t>(matrices_.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      update_matrix(matrices_[static_cast<std::size_t>(i)], weights, gradients, how);
  });
  for (const Rest& rest : rest_) {
    simd::adamw(weights + rest.first, momentum.data_ptr<float>() + rest.first,
                second_moment_.data_ptr<float>() + rest.second, gradients + rest.first, how, rest.count);
  }
}

}  // namespace twin::training
