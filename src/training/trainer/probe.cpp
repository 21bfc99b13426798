#include "training/trainer/probe.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <tuple>
#include <utility>

#include "training/trainer/dora.h"
#include "training/trainer/optimizer.h"
#include "training/trainer/prepare.h"

namespace twin::training {
namespace {

constexpr std::int64_t probe_layers = 4;
constexpr int probe_repeats = 2;
constexpr std::size_t probe_loss_rows = 2 * Transformer::loss_slice;
constexpr double different = 1.5;  // how many times larger a part must be to tell the fixed cost from the slope

/// Mean of probe_repeats, after one that is not counted.
double mean_seconds(const std::function<void()>& work) {
  work();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < probe_repeats; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / probe_repeats;
}

/// Seconds for one part.
struct Times {
  double learn = 0, infer = 0;
};
/// Of a model of some layers.
struct Measured {
  std::vector<Times> parts;
  double learn_slice = 0, infer_slice = 0, update = 0;
};

/// The batch with few of its loss rows: all full slices of logits take the same time.
PackedBatch with_few_losses(PackedBatch batch) {
  const auto count = std::min(batch.loss_rows.size(), probe_loss_rows);
  batch.loss_rows.resize(count);
  batch.loss_targets.resize(count);
  return batch;
}

/// Seconds of a slice of logits, with and without gradient.
std::pair<double, double> measure_slices(const Transformer& model, const PackedBatch& whole) {
  const auto batch = with_few_losses(whole);
  const auto slices = loss_slices(static_cast<std::int64_t>(batch.loss_rows.size()));
  if (slices == 0) return {0, 0};
  const auto hidden = model.forward(batch, nullptr);
  at::Tensor dhidden;
  const double learn = mean_seconds([&] { (void)model.loss(hidden, batch, &dhidden); });
  const double infer = mean_seconds([&] { (void)model.loss(hidden, batch, nullptr); });
  return {learn / slices, infer / slices};
}

Measured measure_layers(const GgufReader& base, const TrainConfig& config, std::int64_t layers, bool infer,
                        const std::vector<PackedBatch>& batches) {
  auto weights = value_or_throw(load_weights(base, scalar_type(config.dtype), config.quantize_base, layers));
  Adapter adapter(weights.shape, config.lora);
  adapter.initialize(config.seed);
  start_magnitudes(adapter, weights);
  const auto optimizer = make_optimizer(config, adapter.weights, adapter.matrices());
  Transformer model(std::move(weights), &adapter, {.neftune = config.neftune, .checkpointing = config.checkpointing});
  const DropoutKey key{static_cast<std::uint64_t>(config.seed), 1, 0};
  Measured result;
  for (const auto& batch : batches) {
    Times times;
    times.learn = mean_seconds([&] {
      Transformer::Tape tape;
      model.backward(tape, at::zeros_like(model.forward(batch, &tape, &key)));
    });
    if (infer) times.infer = mean_seconds([&] { (void)model.forward(batch, nullptr); });
    result.parts.push_back(times);
  }
  std::int64_t step = 0;
  result.update = mean_seconds([&] {
    (void)optimizer->step(adapter.weights, adapter.gradients, config, config.lr, ++step);
    adapter.gradients.zero_();
    model.refresh();
  });
  std::tie(result.learn_slice, result.infer_slice) = measure_slices(model, batches.front());
  return result;
}

Line through(std::int64_t x0, double y0, std::int64_t x1, double y1) {
  if (x0 == x1) return {0, x1 > 0 ? y1 / static_cast<double>(x1) : 0};
  const double slope = std::max(0.0, (y1 - y0) / static_cast<double>(x1 - x0));
  const double fixed = y1 - slope * static_cast<double>(x1);
  if (fixed < 0) return {0, y1 / static_cast<double>(x1)};
  return {fixed, slope};
}

}  // namespace

double loss_slices(std::int64_t loss_rows) {
  return static_cast<double>(loss_rows) / static_cast<double>(Transformer::loss_slice);
}

Speed measure_speed(const GgufReader& base, const TrainConfig& config, std::int64_t layers, bool infer,
                    const std::vector<EncodedSample>& samples, std::vector<Group> parts) {
  const auto start = std::chrono::steady_clock::now();
  const auto size = [&](const Group& group) {
    std::int64_t tokens = 0;
    for (const auto index : group) tokens += samples[index].size();
    return tokens;
  };
  std::stable_sort(parts.begin(), parts.end(), [&](const Group& a, const Group& b) { return size(a) < size(b); });
  const auto& typical = parts[parts.size() / 2];
  const auto& small = parts[parts.size() / 10];
  const auto multiple = Transformer::row_multiple(scalar_type(config.dtype));
  std::vector<PackedBatch> batches = {pack(typical, samples, multiple)};
  if (static_cast<double>(size(typical)) >= different * static_cast<double>(size(small)))
    batches.push_back(pack(small, samples, multiple));

  const auto few = std::min(layers, probe_layers);
  auto times = measure_layers(base, config, few, infer, batches);
  if (layers > few) {
    const auto one = measure_layers(base, config, 1, infer, batches);
    const auto scale = static_cast<double>(layers - few) / static_cast<double>(few - 1);
    const auto grow = [&](double& whole, double first) { whole += std::max(0.0, whole - first) * scale; };
    for (std::size_t i = 0; i < batches.size(); ++i) {
      grow(times.parts[i].learn, one.parts[i].learn);
      grow(times.parts[i].infer, one.parts[i].infer);
    }
    grow(times.update, one.update);
  }
  const auto rows = [&](const PackedBatch& batch) { return static_cast<std::int64_t>(batch.tokens.size()); };
  const auto x0 = rows(batches.back()), x1 = rows(batches.front());
  const auto &y0 = times.parts.back(), &y1 = times.parts.front();
  return {.learn = through(x0, y0.learn, x1, y1.learn),
          .infer = through(x0, y0.infer, x1, y1.infer),
          .learn_slice = times.learn_slice,
          .infer_slice = times.infer_slice,
          .update = times.update,
          .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
}

}  // namespace twin::training
