// A Llama-family transformer with a LoRA adapter: forward over packed samples and an explicit backward that computes
// only what the adapter needs (no gradients of frozen weights, no autograd graph).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "training/trainer/adapted_linear.h"
#include "training/trainer/adapter.h"
#include "training/trainer/llama_weights.h"

namespace twin::training {

/// Samples laid one after another without padding. Attention stays inside each sample and positions restart.
struct PackedBatch {
  std::vector<std::int64_t> tokens;        ///< T ids
  std::vector<std::int64_t> lengths;       ///< of each sample, sum T
  std::vector<std::int64_t> loss_rows;     ///< rows whose next token carries loss
  std::vector<std::int64_t> loss_targets;  ///< that token
};

/// Where dropout masks come from: a pure function of this and the layer, so that a resumed run draws the same.
struct DropoutKey {
  std::uint64_t seed = 0, step = 0, micro = 0;
};

class Llama {
 public:
  /// `adapter` (may be null) must outlive the model; its weights are read at each refresh().
  Llama(LlamaWeights weights, const Adapter* adapter);

  void refresh();

  /// What backward needs again, per layer.
  struct LayerTape {
    at::Tensor x_attention, scale_attention, rows_attention, qkv, rows_output;
    at::Tensor x_ffn, scale_ffn, rows_gate_up, gate_up, rows_down;
    std::vector<at::Tensor> logsumexps;
    at::Tensor mask_attention, mask_output, mask_gate_up, mask_down;
  };
  struct Tape {
    std::vector<LayerTape> layers;
    at::Tensor cosine, sine;
    std::vector<std::int64_t> lengths;
  };

  /// Hidden states after the last layer, before the final norm: float32 [T, hidden]. With a tape, activations are kept;
  /// `dropout` (may be null) applies the adapter's dropout.
  at::Tensor forward(const PackedBatch& batch, Tape* tape, const DropoutKey* dropout = nullptr) const;
  /// Adds to the adapter's gradients. `dhidden`: float32 [T, hidden]; overwritten.
  void backward(const Tape& tape, at::Tensor dhidden) const;

  /// Σ −log p over the batch's loss rows from hidden states; per-row values into `nll` when given. With scale > 0
  /// the gradient of scale · Σ goes to `dhidden` (float32 [T, hidden], zeroed here). Logits are computed for loss rows
  /// only and in slices of `loss_slice` rows.
  double loss(const at::Tensor& hidden, const PackedBatch& batch, double scale, at::Tensor* dhidden,
              std::vector<double>* nll = nullptr) const;
  /// float32 [T, vocabulary]; for tests.
  [[nodiscard]] at::Tensor logits(const at::Tensor& hidden) const;

  /// The first layer (0-based) after which a value is not finite; -1 when none, -2 when the embedding already is.
  [[nodiscard]] std::int64_t first_bad_layer(const PackedBatch& batch) const;

  [[nodiscard]] const LlamaShape& shape() const { return weights_.shape; }

  static constexpr std::int64_t loss_slice = 128;

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm;
    AdaptedLinear qkv, output, gate_up, down;
  };

  at::Tensor embed(const PackedBatch& batch) const;
  void rope_tables(const std::vector<std::int64_t>& lengths, at::Tensor& cosine, at::Tensor& sine) const;
  void layer_forward(std::size_t index, at::Tensor& x, const Tape& tables, LayerTape& tape,
                     const DropoutKey* dropout) const;
  void layer_backward(std::size_t index, at::Tensor& dx, const Tape& tables, const LayerTape& tape) const;
  void attention(const at::Tensor& qkv, const std::vector<std::int64_t>& lengths, at::Tensor out,
                 std::vector<at::Tensor>& logsumexps) const;
  at::Tensor attention_backward(const at::Tensor& dout, const at::Tensor& qkv, const at::Tensor& out,
                                const std::vector<at::Tensor>& logsumexps,
                                const std::vector<std::int64_t>& lengths) const;
  at::Tensor dropout_mask(const AdaptedLinear& linear, std::int64_t tokens, const DropoutKey* key, std::size_t layer,
                          int site) const;

  LlamaWeights weights_;
  double dropout_ = 0;
  std::vector<Layer> layers_;
};

}  // namespace twin::training
