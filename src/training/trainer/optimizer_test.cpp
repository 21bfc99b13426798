#include "training/trainer/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "training/trainer/adamw8bit.h"

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

TEST_CASE("8 bits: 256 different shares, dense near zero, that come back as they went in") {
  for (const auto sign : {eight_bit::Sign::both, eight_bit::Sign::positive}) {
    const auto& shares = eight_bit::shares(sign);
    CHECK(std::set<float>(shares.begin(), shares.end()).size() == 256);
    CHECK(std::is_sorted(shares.begin(), shares.end()));
    CHECK(shares.back() == 1.0f);
    CHECK(shares[static_cast<std::size_t>(eight_bit::code_of_zero(sign))] == 0.0f);
    CHECK((sign == eight_bit::Sign::positive) == (shares.front() == 0.0f));
    std::array<float, 256> values{}, back{};
    std::array<std::uint8_t, 256> codes{};
    for (std::size_t i = 0; i < 256; ++i) values[i] = shares[i] * 3.5f;
    CHECK(eight_bit::narrow(sign, values.data(), codes.data(), 256) == 3.5f);
    for (std::size_t i = 0; i < 256; ++i) CHECK(codes[i] == i);
    eight_bit::widen(sign, codes.data(), 3.5f, back.data(), 256);
    CHECK(values == back);
  }
}

TEST_CASE("8 bits: an error of a few percent over five decades; zeros stay, small squares do not become zero") {
  std::array<float, 200> values{}, back{};
  std::array<std::uint8_t, 200> codes{};
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::pow(10.0f, -5.0f * static_cast<float>(i) / 200.0f) * (i % 2 == 0 ? 1.0f : -1.0f);
  const float scale = eight_bit::narrow(eight_bit::Sign::both, values.data(), codes.data(), 200);
  eight_bit::widen(eight_bit::Sign::both, codes.data(), scale, back.data(), 200);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(values[i]);
    // The number of steps halves with each decade, and so the error doubles.
    const double decade = std::floor(-std::log10(std::abs(values[i])) + 1e-6);
    CHECK(std::abs(back[i] - values[i]) <= std::abs(values[i]) * 0.07 * std::pow(2.0, std::min(decade, 4.0)) + 1e-9);
  }
  std::array<float, 3> squares = {1.0f, 1e-12f, 0.0f}, again{};
  const float largest = eight_bit::narrow(eight_bit::Sign::positive, squares.data(), codes.data(), 3);
  eight_bit::widen(eight_bit::Sign::positive, codes.data(), largest, again.data(), 3);
  CHECK(again[0] == 1.0f);
  CHECK(again[1] > 0.0f);
  CHECK(again[2] == 0.0f);
  const std::array<float, 3> zeros{};
  CHECK(eight_bit::narrow(eight_bit::Sign::both, zeros.data(), codes.data(), 3) == 0.0f);
  CHECK(codes[0] == eight_bit::code_of_zero(eight_bit::Sign::both));
}

TEST_CASE("8-bit AdamW: the way of AdamW, in a quarter of the memory; the same from what it remembers") {
  TrainConfig config;
  config.clip = 0;
  config.optimizer = "adamw8bit";
  const std::int64_t count = 3 * eight_bit::block + 17;  // the last block is not full
  const auto target = at::sin(at::arange(count, at::kFloat) * 0.7);
  auto exact = at::zeros({count}), narrow = at::zeros({count});
  AdamW wide(exact);
  const auto small = make_optimizer(config, narrow);
  std::int64_t wide_bytes = 0, small_bytes = 0;
  for (const auto& [name, tensor] : wide.state()) wide_bytes += static_cast<std::int64_t>(tensor.nbytes());
  for (const auto& [name, tensor] : small->state()) small_bytes += static_cast<std::int64_t>(tensor.nbytes());
  CHECK(static_cast<double>(small_bytes) * 3.9 < static_cast<double>(wide_bytes));
  for (int step = 1; step <= 60; ++step) {
    (void)wide.step(exact, exact - target, config, 0.02, step);
    (void)small->step(narrow, narrow - target, config, 0.02, step);
    const double moved = exact.norm().item<double>();
    CHECK((exact - narrow).norm().item<double>() < 0.05 * moved);
  }
  auto resumed = narrow.clone();
  const auto other = make_optimizer(config, resumed);
  for (const auto& [name, tensor] : other->state()) tensor.copy_(small->state().at(name));
  (void)small->step(narrow, narrow - target, config, 0.02, 61);
  (void)other->step(resumed, resumed - target, config, 0.02, 61);
  CHECK(narrow.equal(resumed));
}
