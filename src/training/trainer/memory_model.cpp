#include "training/trainer/memory_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "training/trainer/prepare.h"
#include "training/trainer/transformer.h"

namespace twin::training {
namespace {

constexpr std::int64_t float_bytes = 4;

/// One AdaptedLinear: its parts side by side.
struct Linear {
  std::int64_t inputs = 0, outputs = 0, ranks = 0;
  std::int64_t kept = 0;     ///< bytes of the weights between two uses, without the adapter's
  std::int64_t reading = 0;  ///< bytes while one of its parts is read from the file
  bool widened = false;      ///< built anew for each use
};

class Model {
 public:
  Model(const GgufReader& base, const ModelShape& shape, const TrainConfig& config)
      : base_(base), shape_(shape), config_(config), number_(scalar_type(config.dtype) == at::kFloat ? 4 : 2) {}

  Result<void> read() {
    const std::array<std::vector<std::string>, 4> groups = {
        std::vector<std::string>{"q_proj", "k_proj", "v_proj"}, {"o_proj"}, {"gate_proj", "up_proj"}, {"down_proj"}};
    for (std::int64_t layer = 0; layer < shape_.layers; ++layer) {
      for (std::size_t i = 0; i < groups.size(); ++i) {
        auto linear = read_linear(layer, groups[i]);
        if (!linear) return tl::unexpected(linear.error());
        weights_ += linear->kept + (linear->outputs + linear->inputs) * linear->ranks * number_;
        widest_ = std::max(widest_, linear->widened ? linear->outputs * (linear->inputs + linear->ranks) * number_ : 0);
        reading_ = std::max(reading_, linear->reading);
        linears_[i] = *linear;
      }
    }
    const std::int64_t table = shape_.vocabulary * shape_.hidden;
    weights_ += table * number_ * (base_.has("output.weight") ? 2 : 1);
    // The file's bytes, floats from them, a tensor of these, and that one narrowed.
    const std::int64_t narrowed = number_ == float_bytes ? 0 : table * number_;
    const auto embedding = base_.bytes("token_embd.weight") + 2 * table * float_bytes + narrowed;
    const auto head = base_.has("output.weight")
                          ? table * number_ + base_.bytes("output.weight") + 2 * table * float_bytes + narrowed
                          : 0;
    loading_ = std::max({embedding, head, weights_ + reading_});
    return {};
  }

  [[nodiscard]] std::int64_t weights() const { return weights_; }
  [[nodiscard]] std::int64_t loading() const { return loading_; }

  /// What a dense model leaves free between its weights: all layers are read, then each is copied into the wider
  /// matrices of AdaptedLinear and freed. A layer's matrices go into the place of the one before as far as they fit;
  /// activations use the rest later.
  [[nodiscard]] std::int64_t holes() const {
    std::int64_t place = 0;
    for (const auto& linear : linears_) place += linear.widened ? 0 : linear.inputs * linear.outputs * number_;
    std::int64_t rest = place;
    for (const auto& linear : linears_) {
      if (linear.widened) continue;
      for (const auto size : {linear.ranks * linear.inputs, linear.outputs * (linear.inputs + linear.ranks)})
        rest -= size * number_ <= rest ? size * number_ : 0;
    }
    return place + (shape_.layers - 1) * rest;
  }

  /// What forward keeps of a layer for backward: Transformer::LayerTape.
  [[nodiscard]] std::int64_t tape(std::int64_t rows) const {
    const std::int64_t query = shape_.heads * shape_.head_dim, rotated = query + shape_.kv_heads * shape_.head_dim;
    std::int64_t numbers = linears_[0].outputs + linears_[2].outputs;  // qkv, gate_up
    std::int64_t inputs = 0;
    for (const auto& linear : linears_) {
      numbers += linear.inputs + linear.ranks;
      inputs += linear.inputs;
    }
    std::int64_t floats = 2 * shape_.hidden + 2 + shape_.heads;  // residual stream, scales, log-sum-exps
    if (shape_.family.head_norms) {
      numbers += rotated;
      floats += shape_.heads + shape_.kv_heads;
    }
    if (shape_.family.post_norms) {
      numbers += 2 * shape_.hidden;
      floats += 2;
    }
    if (config_.lora.dropout > 0) numbers += inputs;
    return rows * (numbers * number_ + floats * float_bytes);
  }

  [[nodiscard]] std::int64_t activations(std::int64_t rows) const {
    const std::int64_t hidden = rows * shape_.hidden * float_bytes;
    const std::int64_t ends = 2 * hidden + 4 * rows * (shape_.head_dim / 2) * float_bytes;  // dhidden, RoPE tables
    if (config_.checkpointing) return ends + shape_.layers * hidden + tape(rows);
    return ends + shape_.layers * tape(rows);
  }

  /// The larger of what a layer's backward and a slice of logits need besides.
  [[nodiscard]] std::int64_t scratch(const PartShape& part) const {
    const auto& [qkv, output, gate_up, down] = linears_;
    const std::int64_t hidden = shape_.hidden;
    const std::int64_t ffn = hidden + down.inputs + down.ranks + gate_up.outputs + 2 * gate_up.inputs + gate_up.ranks;
    const std::int64_t attention = hidden + 2 * output.inputs + output.ranks + qkv.outputs + 2 * qkv.inputs + qkv.ranks;
    std::int64_t layer = part.rows * std::max(ffn, attention) * number_ + widest_;
    if (config_.lora.dora)  // the outputs computed again and twice in float32, of the widest
      layer += part.rows * std::max(gate_up.outputs, qkv.outputs) * (number_ + 3 * float_bytes);
    layer += 4 * part.longest * shape_.heads * shape_.head_dim * float_bytes;  // of the flash kernels
    if (shape_.window_pattern > 0 && part.longest > shape_.window)
      layer += part.longest * part.longest * (number_ + 2);  // masks
    const std::int64_t slice = Transformer::loss_slice * (shape_.vocabulary + 3 * hidden) * number_;
    return std::max(layer, part.loss_rows > 0 ? slice : 0);
  }

 private:
  Result<Linear> read_linear(std::int64_t layer, const std::vector<std::string>& modules) const {
    Linear linear;
    const bool quantized = config_.quantize_base != "false";
    for (const auto& name : modules) {
      const auto module = shape_.module(name);
      const auto tensor = fmt::format("blk.{}.{}.weight", layer, gguf_name(name));
      const auto targets = config_.lora.targets;
      const bool adapted = std::count(targets.begin(), targets.end(), name) > 0;
      linear.inputs = module.inputs;
      linear.outputs += module.outputs;
      linear.ranks += adapted ? config_.lora.r : 0;
      const std::int64_t size = module.inputs * module.outputs;
      std::int64_t bytes = size * number_;
      if (quantized && config_.quantize_base != "true") {
        const auto blocks = quantized_bytes(module.outputs, module.inputs, config_.quantize_base);
        if (!blocks) return tl::unexpected(blocks.error());
        bytes = *blocks;
        linear.widened = true;
      } else if (quantized && base_.is_quantized(tensor)) {
        bytes = base_.bytes(tensor);
        linear.widened = true;
      }
      linear.kept += bytes;
      linear.reading = std::max(linear.reading, base_.bytes(tensor) + 2 * size * float_bytes);
    }
    return linear;
  }

  const GgufReader& base_;
  const ModelShape& shape_;
  const TrainConfig& config_;
  std::int64_t number_;  ///< bytes of a weight or an activation
  std::array<Linear, 4> linears_;
  std::int64_t weights_ = 0, widest_ = 0, reading_ = 0, loading_ = 0;
};

/// What the optimizer remembers, in bytes, beside an adapter of so many.
std::int64_t moments_of(const TrainConfig& config, const ModelShape& shape, std::int64_t adapter) {
  if (config.optimizer == "adamw8bit") return adapter / 2;
  if (config.optimizer != "muon") return 2 * adapter;
  LoraConfig matrices = config.lora;
  matrices.dora = false;  // a second moment of the lengths of rows alone
  return 2 * adapter - adapter_size(shape, matrices) * float_bytes;
}

}  // namespace

std::int64_t adapter_size(const ModelShape& shape, const LoraConfig& lora) {
  std::int64_t floats = 0;
  for (const auto& name : lora.targets) {
    const auto module = shape.module(name);
    floats += shape.layers * (lora.r * (module.inputs + module.outputs) + (lora.dora ? module.outputs : 0));
  }
  return floats;
}

Result<MemoryPlan> plan_memory(const GgufReader& base, const ModelShape& shape, const TrainConfig& config,
                               const PartShape& part, std::int64_t steps, std::int64_t process) {
  Model model(base, shape, config);
  if (auto read = model.read(); !read) return tl::unexpected(read.error());
  const std::int64_t adapter = adapter_size(shape, config.lora) * float_bytes;
  const std::int64_t best = config.early_stop > 0 ? adapter : 0;
  const std::int64_t moments = moments_of(config, shape, adapter);
  MemoryPlan plan;
  plan.process = process;
  plan.loading = model.loading();
  plan.weights = model.weights();
  plan.adapter = 2 * adapter + moments + best;
  plan.activations = model.activations(part.rows);
  plan.scratch = std::max(model.scratch(part), model.holes() - plan.activations);
  plan.checkpoint = steps > config.checkpoint_every ? adapter + moments + best : adapter;
  return plan;
}

}  // namespace twin::training
