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
    expected.sum().backward();
    auto work = logits.detach().clone();
    std::vector<double> nll(7);
    kernels::cross_entropy(work, targets.data(), true, nll.data());
    for (std::size_t i = 0; i < 7; ++i)
      CHECK(nll[i] == doctest::Approx(expected[static_cast<std::int64_t>(i)].item<double>()).epsilon(1e-5));
    CHECK((work - logits.grad()).abs().max().item<double>() < 1e-6);
  }
}

TEST_CASE("cross entropy: the sum over tens of thousands of words does not lose the small ones") {
  const auto logits = at::randn({3, 50000}) * 3.0;
  const std::vector<std::int64_t> targets = {0, 7, 49999};
  const auto ids = at::tensor(at::IntArrayRef(targets), at::kLong);
  const auto expected = -at::log_softmax(logits.to(at::kDouble), -1).gather(1, ids.unsqueeze(1)).squeeze(1);
  std::vector<double> nll(3);
  kernels::cross_entropy(logits.clone(), targets.data(), false, nll.data());
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(std::abs(nll[i] - expected[static_cast<std::int64_t>(i)].item<double>()) < 1e-5);
}

TEST_CASE("swiglu and rms norm: extreme values do not become NaN") {
  const auto gate_up = at::tensor({-1e4f, 1e4f, -200.0f, 0.0f, 2.0f, 3.0f, 4.0f, 5.0f}).view({1, 8});
  auto h = at::empty({1, 4});
  kernels::gated(Family::Gate::silu, gate_up, h);
  CHECK(at::isfinite(h).all().item<bool>());
  CHECK(h[0][0].item<float>() == doctest::Approx(0.0));
  CHECK(h[0][1].item<float>() == doctest::Approx(3e4));
  auto gradient = at::empty({1, 8});
  kernels::gated_backward(Family::Gate::silu, gate_up, at::ones({1, 4}), gradient);
  CHECK(at::isfinite(gradient).all().item<bool>());

  const auto zero = at::zeros({1, 8});
  auto y = at::empty({1, 8});
  auto scale = at::empty({1});
  kernels::rms_norm(zero, at::ones({8}), 1e-5, y, scale);
  CHECK(y.equal(zero));
}

TEST_CASE("geglu: values and gradient equal autograd's") {
  const auto gate_up = (at::randn({9, 34}) * 3.0).requires_grad_(true);
  const auto gate = gate_up.narrow(1, 0, 17), up = gate_up.narrow(1, 17, 17);
  const auto expected = at::gelu(gate, "tanh") * up;
  const auto dh = at::randn({9, 17});
  expected.backward(dh);
  auto h = at::empty({9, 17});
  auto gradient = at::empty({9, 34});
  const auto values = gate_up.detach();
  kernels::gated(Family::Gate::gelu, values, h);
  kernels::gated_backward(Family::Gate::gelu, values, dh, gradient);
  CHECK((h - expected).abs().max().item<double>() < 1e-5);
  CHECK((gradient - gate_up.grad()).abs().max().item<double>() < 1e-4);
}

TEST_CASE("head norms: values and gradient equal autograd's, in rows that are wider than the heads") {
  const std::int64_t query_heads = 3, heads = 5, n = 8;
  const auto wq = at::rand({n}) + 0.5, wk = at::rand({n}) + 0.5;
  const auto x = at::randn({6, heads * n + 16}).requires_grad_(true);
  const auto split = x.narrow(1, 0, heads * n).view({6, heads, n});
  const auto weights = at::cat({wq.expand({query_heads, n}), wk.expand({heads - query_heads, n})});
  const auto expected = split * at::rsqrt(split.square().mean(-1, true) + 1e-6) * weights;
  const auto dy = at::randn({6, heads * n + 16});
  expected.reshape({6, heads * n}).backward(dy.narrow(1, 0, heads * n));

  auto rows = x.detach().clone();
  auto scale = at::empty({6, heads});
  kernels::head_norm(rows, wq, wk, query_heads, 1e-6, scale);
  CHECK((rows.narrow(1, 0, heads * n).view({6, heads, n}) - expected).abs().max().item<double>() < 1e-5);
  CHECK(rows.narrow(1, heads * n, 16).equal(x.detach().narrow(1, heads * n, 16)));
  auto gradient = dy.clone();
  kernels::head_norm_backward(x.detach().narrow(1, 0, heads * n).contiguous(), wq, wk, query_heads, scale, gradient);
  CHECK((gradient - x.grad()).narrow(1, 0, heads * n).abs().max().item<double>() < 1e-4);
  CHECK(gradient.narrow(1, heads * n, 16).equal(dy.narrow(1, heads * n, 16)));
}
