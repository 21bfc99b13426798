#include "training/trainer/kernels.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "training/trainer/simd.h"

using namespace twin::training;

TEST_CASE("bfloat16: rounding is that of libtorch, infinities and NaN survive") {
  auto values = at::randn({1000}) * at::pow(10.0, at::linspace(-30, 30, 1000));
  values[0] = INFINITY;
  values[1] = -INFINITY;
  values[2] = std::numeric_limits<float>::quiet_NaN();
  values[3] = 1.00390625f;  // half way between two values: to even
  std::vector<std::uint16_t> halves(1000);
  std::vector<float> back(1000);
  simd::narrow(values.const_data_ptr<float>(), halves.data(), 1000);
  simd::widen(halves.data(), back.data(), 1000);
  const auto expected = values.to(at::kBFloat16).to(at::kFloat);
  const auto got = at::from_blob(back.data(), {1000}, at::kFloat);
  CHECK(std::isnan(back[2]));
  CHECK(got.nan_to_num().equal(expected.nan_to_num()));
}

TEST_CASE("cross entropy: values and gradient equal log_softmax's, also for large logits") {
  for (const double size : {1.0, 60.0, 3000.0}) {
    CAPTURE(size);
    const auto logits = (at::randn({7, 301}) * size).requires_grad_(true);
    const std::vector<std::int64_t> targets = {0, 300, 5, 17, 17, 250, 1};
    const auto ids = at::tensor(at::IntArrayRef(targets), at::kLong);
    const auto expected = -at::log_softmax(logits.to(at::kDouble), -1).gather(1, ids.unsqueeze(1)).squeeze(1);
    (expected.sum() * 0.5).backward();
    auto work = logits.detach().clone();
    std::vector<double> nll(7);
    kernels::cross_entropy(work, targets.data(), 0.5f, nll.data());
    for (std::size_t i = 0; i < 7; ++i)
      CHECK(nll[i] == doctest::Approx(expected[static_cast<std::int64_t>(i)].item<double>()).epsilon(1e-5));
    CHECK((work - logits.grad()).abs().max().item<double>() < 1e-6);
  }
}

TEST_CASE("swiglu and rms norm: extreme values do not become NaN") {
  const auto gate_up = at::tensor({-1e4f, 1e4f, -200.0f, 0.0f, 2.0f, 3.0f, 4.0f, 5.0f}).view({1, 8});
  auto h = at::empty({1, 4});
  kernels::swiglu(gate_up, h);
  CHECK(at::isfinite(h).all().item<bool>());
  CHECK(h[0][0].item<float>() == doctest::Approx(0.0));
  CHECK(h[0][1].item<float>() == doctest::Approx(3e4));
  auto gradient = at::empty({1, 8});
  kernels::swiglu_backward(gate_up, at::ones({1, 4}), gradient);
  CHECK(at::isfinite(gradient).all().item<bool>());

  const auto zero = at::zeros({1, 8});
  auto y = at::empty({1, 8});
  auto scale = at::empty({1});
  kernels::rms_norm(zero, at::ones({8}), 1e-5, y, scale);
  CHECK(y.equal(zero));
}
