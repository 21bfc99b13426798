#include "training/trainer/muon.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <doctest/doctest.h>

#include <cmath>

#include "training/trainer/adapter.h"

using namespace twin::training;

namespace {

/// Row-major, in double, by loops alone.
struct Matrix {
  std::int64_t rows = 0, columns = 0;
  std::vector<double> values = {};
  Matrix(std::int64_t r, std::int64_t c) : rows(r), columns(c), values(static_cast<std::size_t>(r * c)) {}
  double& at(std::int64_t r, std::int64_t c) { return values[static_cast<std::size_t>(r * columns + c)]; }
  [[nodiscard]] double at(std::int64_t r, std::int64_t c) const {
    return values[static_cast<std::size_t>(r * columns + c)];
  }
};

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix out(a.rows, b.columns);
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t k = 0; k < a.columns; ++k)
      for (std::int64_t j = 0; j < b.columns; ++j) out.at(i, j) += a.at(i, k) * b.at(k, j);
  return out;
}

Matrix transposed(const Matrix& a) {
  Matrix out(a.columns, a.rows);
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < a.columns; ++j) out.at(j, i) = a.at(i, j);
  return out;
}

/// The iteration as published, on the matrix as it stands: (aI + bXXᵀ + c(XXᵀ)²)X.
Matrix newton_schulz(Matrix x, int steps) {
  double norm = 0;
  for (const double v : x.values) norm += v * v;
  for (double& v : x.values) v /= std::sqrt(norm) + 1e-7;
  for (int s = 0; s < steps; ++s) {
    const Matrix gram = product(x, transposed(x));
    const Matrix first = product(gram, x), second = product(gram, first);
    for (std::size_t i = 0; i < x.values.size(); ++i)
      x.values[i] = 3.4445 * x.values[i] - 4.7750 * first.values[i] + 2.0315 * second.values[i];
  }
  return x;
}

Matrix of_tensor(const at::Tensor& tensor, const MatrixPlace& place) {
  Matrix out(place.rows, place.columns);
  for (std::size_t i = 0; i < out.values.size(); ++i)
    out.values[i] = tensor[place.first + static_cast<std::int64_t>(i)].item<double>();
  return out;
}

double difference(const Matrix& a, const Matrix& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) largest = std::max(largest, std::abs(a.values[i] - b.values[i]));
  return largest;
}

}  // namespace

TEST_CASE("Muon: five iterations bring all singular values near 1, of wide and of tall matrices; zeros stay") {
  for (const auto& [rows, columns] : {std::pair{8, 60}, {60, 8}, {12, 12}}) {
    const auto matrix = at::sin(at::arange(rows * columns, at::kFloat) * 0.37).view({rows, columns}) +
                        0.3 * at::cos(at::arange(rows * columns, at::kFloat).square() * 0.11).view({rows, columns});
    const auto singular = at::linalg_svdvals(orthogonalized(matrix, 5).contiguous());
    const auto before = at::linalg_svdvals(matrix);
    const double kept = (before > before[0] * 0.02).sum().item<double>();  // the iteration cannot raise zeros
    CHECK(singular.max().item<double>() < 1.3);
    CHECK((singular > 0.5).sum().item<double>() >= kept);
  }
  CHECK(orthogonalized(at::zeros({3, 5}), 5).abs().max().item<double>() == 0.0);
}

TEST_CASE("Muon: equals the published update, written out in double; what is no matrix follows AdamW") {
  TrainConfig config;
  config.optimizer = "muon";
  config.weight_decay = 0.1;
  config.clip = 0;
  const MatrixPlace wide{.first = 2, .rows = 3, .columns = 10}, tall{.first = 35, .rows = 9, .columns = 4};
  const std::int64_t count = 75;  // rest: [0, 2), [32, 35), [71, 75)
  const auto start = at::sin(at::arange(count, at::kFloat) * 0.9);
  auto weights = start.clone(), plain = start.clone();
  Muon optimizer(weights, {wide, tall}, 0.95, 5);
  AdamW adamw(plain);
  std::vector<Matrix> w = {of_tensor(weights, wide), of_tensor(weights, tall)};
  std::vector<Matrix> m = {Matrix(3, 10), Matrix(9, 4)};
  for (int step = 1; step <= 6; ++step) {
    const auto g = at::cos(at::arange(count, at::kFloat) * (0.3 + step)) * step;
    CHECK(optimizer.step(weights, g, config, 1e-2, step) == doctest::Approx(g.norm().item<double>()));
    (void)adamw.step(plain, g, config, 1e-2, step);
    for (std::size_t k = 0; k < 2; ++k) {
      const auto& place = k == 0 ? wide : tall;
      const Matrix gradient = of_tensor(g, place);
      Matrix look(place.rows, place.columns);
      for (std::size_t i = 0; i < look.values.size(); ++i) {
        m[k].values[i] = 0.95 * m[k].values[i] + 0.05 * gradient.values[i];
        look.values[i] = 0.05 * gradient.values[i] + 0.95 * m[k].values[i];
      }
      const Matrix direction = newton_schulz(look, 5);
      const double scale = 0.2 * std::sqrt(static_cast<double>(std::max(place.rows, place.columns)));
      for (std::size_t i = 0; i < look.values.size(); ++i)
        w[k].values[i] -= 1e-2 * (0.1 * w[k].values[i] + scale * direction.values[i]);
      CHECK(difference(of_tensor(weights, place), w[k]) < 2e-5);
    }
    for (const std::int64_t i : {0, 1, 32, 33, 34, 71, 72, 73, 74})
      CHECK(weights[i].item<double>() == doctest::Approx(plain[i].item<double>()).epsilon(1e-6));
  }
}

TEST_CASE("Muon: the same from what it remembers; clipping and gradients that are not finite as with the others") {
  TrainConfig config;
  config.optimizer = "muon";
  const MatrixPlace place{.first = 0, .rows = 4, .columns = 6};
  auto weights = at::sin(at::arange(30, at::kFloat));
  const auto one = make_optimizer(config, weights, {place});
  const auto gradient = [](int step) { return at::cos(at::arange(30, at::kFloat) * step) * 50; };
  for (int step = 1; step <= 3; ++step) (void)one->step(weights, gradient(step), config, 0.01, step);
  auto resumed = weights.clone();
  const auto other = make_optimizer(config, resumed, {place});
  CHECK(one->state().size() == 2);
  for (const auto& [name, tensor] : other->state()) tensor.copy_(one->state().at(name));
  (void)one->step(weights, gradient(4), config, 0.01, 4);
  (void)other->step(resumed, gradient(4), config, 0.01, 4);
  CHECK(weights.equal(resumed));
  auto bad = gradient(5);
  bad[3] = NAN;
  CHECK_FALSE(std::isfinite(one->step(weights, bad, config, 0.01, 5)));
  CHECK(weights.equal(resumed));
  CHECK(make_optimizer(config, at::zeros({24}), {place})->state().size() == 1);  // nothing but the matrix
}

TEST_CASE("Muon: the adapter's matrices are all of its weights, but for the lengths of DoRA") {
  ModelShape shape;
  shape.layers = 2;
  shape.hidden = 16;
  shape.heads = 4;
  shape.kv_heads = 2;
  shape.head_dim = 4;
  shape.feed_forward = 24;
  LoraConfig lora;
  lora.r = 3;
  for (const bool dora : {false, true}) {
    lora.dora = dora;
    const Adapter adapter(shape, lora);
    std::int64_t at = 0, inside = 0;
    for (const MatrixPlace& place : adapter.matrices()) {
      CHECK(place.first >= at);
      CHECK(std::min(place.rows, place.columns) == 3);
      at = place.first + place.rows * place.columns;
      inside += place.rows * place.columns;
    }
    CHECK(at <= adapter.weights.numel());
    CHECK((inside == adapter.weights.numel()) == !dora);
  }
}
