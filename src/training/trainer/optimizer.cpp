#include "training/trainer/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "training/trainer/adamw8bit.h"
#include "training/trainer/muon.h"

namespace twin::training {

double learning_rate(const TrainConfig& config, std::int64_t step, std::int64_t steps) {
  const double warmup = std::ceil(config.warmup * static_cast<double>(steps));
  const auto at = static_cast<double>(step);
  if (at <= warmup) return config.lr * at / warmup;
  const double falling = config.schedule == "wsd" ? std::ceil(config.decay * static_cast<double>(steps))
                                                  : static_cast<double>(steps) - warmup;
  const double begin = std::max(warmup, static_cast<double>(steps) - falling);
  const double share = std::clamp((at - begin) / std::max(1.0, static_cast<double>(steps) - begin), 0.0, 1.0);
  double height = 1.0;  // of what is above the floor
  if (config.schedule == "cosine") height = 0.5 * (1.0 + std::cos(std::numbers::pi * share));
  if (config.schedule == "linear" || config.schedule == "wsd") height = 1.0 - share;
  return config.lr * (config.min_lr + (1.0 - config.min_lr) * height);
}

AdamW::AdamW(const at::Tensor& weights)
    : first_moment(at::zeros_like(weights)), second_moment(at::zeros_like(weights)) {}

std::map<std::string, at::Tensor> AdamW::state() const {
  return {{"first_moment", first_moment}, {"second_moment", second_moment}};
}

void AdamW::update(float* weights, const float* gradients, std::int64_t count, const simd::AdamStep& how) {
  auto* m = first_moment.data_ptr<float>();
  auto* v = second_moment.data_ptr<float>();
  at::parallel_for(0, count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    simd::adamw(weights + begin, m + begin, v + begin, gradients + begin, how, end - begin);
  });
}

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, const at::Tensor& weights,
                                          std::vector<MatrixPlace> matrices) {
  if (config.optimizer == "muon")
    return std::make_unique<Muon>(weights, std::move(matrices), config.muon_momentum, config.muon_steps);
  if (config.optimizer == "adamw8bit") return std::make_unique<AdamW8bit>(weights);
  return std::make_unique<AdamW>(weights);
}

double Optimizer::step(at::Tensor weights, const at::Tensor& gradients, const TrainConfig& config, double lr,
                       std::int64_t step) {
  const double norm = at::linalg_vector_norm(gradients, 2, {}, false, at::kDouble).item<double>();
  if (!std::isfinite(norm)) return norm;
  const double scale = config.clip > 0 && norm > config.clip ? config.clip / norm : 1.0;
  const auto exponent = static_cast<double>(step);
  const simd::AdamStep how{.lr = static_cast<float>(lr),
                           .beta1 = static_cast<float>(config.beta1),
                           .beta2 = static_cast<float>(config.beta2),
                           .epsilon = static_cast<float>(config.epsilon),
                           .decay = static_cast<float>(config.weight_decay),
                           .correction1 = static_cast<float>(1.0 - std::pow(config.beta1, exponent)),
                           .correction2 = static_cast<float>(1.0 - std::pow(config.beta2, exponent)),
                           .gradient_scale = static_cast<float>(scale)};
  update(weights.data_ptr<float>(), gradients.const_data_ptr<float>(), weights.numel(), how);
  return norm;
}

}  // namespace twin::training
