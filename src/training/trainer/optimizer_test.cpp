#include "training/trainer/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace twin::training;

TEST_CASE("schedule: rises linearly, falls by a cosine to its floor") {
  TrainConfig config;
  config.lr = 1e-3;
  config.warmup = 0.1;
  config.min_lr = 0.2;
  CHECK(learning_rate(config, 1, 100) == doctest::Approx(1e-4));
  CHECK(learning_rate(config, 10, 100) == doctest::Approx(1e-3));
  CHECK(learning_rate(config, 55, 100) == doctest::Approx(6e-4));
  CHECK(learning_rate(config, 100, 100) == doctest::Approx(2e-4));
  for (int step = 11; step < 100; ++step)
    CHECK(learning_rate(config, step + 1, 100) < learning_rate(config, step, 100));
}

TEST_CASE("schedule: linear, constant and warm-up, stable, decay") {
  TrainConfig config;
  config.lr = 1e-3;
  config.warmup = 0.1;
  config.min_lr = 0.2;
  config.schedule = "linear";
  CHECK(learning_rate(config, 55, 100) == doctest::Approx(6e-4));
  CHECK(learning_rate(config, 100, 100) == doctest::Approx(2e-4));
  config.schedule = "constant";
  CHECK(learning_rate(config, 5, 100) == doctest::Approx(5e-4));
  CHECK(learning_rate(config, 100, 100) == doctest::Approx(1e-3));
  config.schedule = "wsd";
  config.decay = 0.2;
  CHECK(learning_rate(config, 80, 100) == doctest::Approx(1e-3));
  CHECK(learning_rate(config, 90, 100) == doctest::Approx(6e-4));
  CHECK(learning_rate(config, 100, 100) == doctest::Approx(2e-4));
}

TEST_CASE("schedule: no warm-up, only warm-up and a single step are all defined") {
  TrainConfig config;
  config.lr = 1e-3;
  for (const double warmup : {0.0, 0.05, 1.0}) {
    config.warmup = warmup;
    for (const std::int64_t steps : {1, 2, 7}) {
      for (std::int64_t step = 1; step <= steps; ++step) {
        const double lr = learning_rate(config, step, steps);
        CHECK(lr > 0);
        CHECK(lr <= config.lr);
      }
    }
  }
}

TEST_CASE("AdamW: equals the published update, written out in double") {
  TrainConfig config;
  config.weight_decay = 0.1;
  config.clip = 0;
  const auto start = at::randn({1000});
  auto weights = start.clone();
  auto w = start.to(at::kDouble);
  auto m = at::zeros_like(w);
  auto v = at::zeros_like(w);
  AdamW optimizer(weights);
  for (int step = 1; step <= 5; ++step) {
    const auto g = at::randn({1000}) * step;
    const double norm = optimizer.step(weights, g, config, 1e-2, step);
    CHECK(norm == doctest::Approx(g.norm().item<double>()));
    const auto d = g.to(at::kDouble);
    m = m * config.beta1 + d * (1 - config.beta1);
    v = v * config.beta2 + d * d * (1 - config.beta2);
    const auto update =
        (m / (1 - std::pow(config.beta1, step))) / ((v / (1 - std::pow(config.beta2, step))).sqrt() + config.epsilon);
    w = w - (update + w * config.weight_decay) * 1e-2;
  }
  CHECK((weights.to(at::kDouble) - w).abs().max().item<double>() < 1e-5);
}

TEST_CASE("AdamW: clipping bounds the gradient, a gradient that is not finite changes nothing") {
  TrainConfig config;
  config.clip = 1.0;
  auto weights = at::zeros({4});
  AdamW optimizer(weights);
  CHECK(optimizer.step(weights, at::full({4}, 50.0f), config, 0.1, 1) == doctest::Approx(100.0));
  CHECK(optimizer.first_moment[0].item<double>() == doctest::Approx(0.1 * 0.5));
  const auto before = weights.clone();
  auto bad = at::zeros({4});
  bad[2] = NAN;
  CHECK_FALSE(std::isfinite(optimizer.step(weights, bad, config, 0.1, 2)));
  CHECK(weights.equal(before));
  CHECK(optimizer.first_moment[2].item<double>() == doctest::Approx(0.05));
}
