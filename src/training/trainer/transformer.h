// A decoder-only transformer with a LoRA adapter: forward over packed samples and an explicit backward that computes
// only what the adapter needs (no gradients of frozen weights, no autograd graph).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "training/trainer/adapted_linear.h"
#include "training/trainer/adapter.h"
#include "training/trainer/past.h"
#include "training/trainer/weights.h"

namespace twin::training {

/// Sequences laid one after another without padding. Attention stays inside each sequence and positions restart.
struct PackedBatch {
  std::vector<std::int64_t> tokens;        ///< T ids
  std::vector<std::int64_t> lengths;       ///< of each sequence, sum T
  std::vector<std::int64_t> loss_rows;     ///< rows whose next token carries loss
  std::vector<std::int64_t> loss_targets;  ///< that token
  std::vector<std::int64_t> loss_counts;   ///< how many of the loss rows each sequence has, in their order
};

/// Where dropout masks come from: a pure function of this and the layer, so that a resumed run draws the same.
struct DropoutKey {
  std::uint64_t seed = 0, step = 0, micro = 0;
};

struct TransformerOptions {
  double neftune = 0;          ///< alpha of the noise on embeddings in training (Jain et al. 2023)
  bool checkpointing = false;  ///< keep only each layer's input, compute the rest again in backward (Chen et al. 2016)
};

class Transformer {
 public:
  /// `adapter` (may be null) must outlive the model; its weights are read at each refresh().
  Transformer(ModelWeights weights, const Adapter* adapter, TransformerOptions options = {});

  void refresh();

  /// What backward needs again, per layer.
  struct LayerTape {
    at::Tensor x_attention, scale_attention, rows_attention, qkv, rows_output;
    at::Tensor x_ffn, scale_ffn, rows_gate_up, gate_up, rows_down;
    at::Tensor heads, scale_heads;                                        ///< queries and keys before their norms
    at::Tensor y_attention, scale_post_attention, y_ffn, scale_post_ffn;  ///< outputs before their norms
    std::vector<at::Tensor> logsumexps;
    at::Tensor mask_attention, mask_output, mask_gate_up, mask_down;
  };
  struct RopeTables {
    at::Tensor cosine, sine;
  };
  struct Tape {
    std::vector<LayerTape> layers;
    RopeTables rope, local_rope;
    std::vector<std::int64_t> lengths;
    std::optional<DropoutKey> dropout;
  };

  /// Hidden states after the last layer, before the final norm: float32 [T, hidden]. With a tape, activations are kept;
  /// `dropout` (may be null) applies what belongs to training only: the adapter's dropout and NEFTune's noise.
  at::Tensor forward(const PackedBatch& batch, Tape* tape, const DropoutKey* dropout = nullptr) const;
  /// Adds to the adapter's gradients. `dhidden`: float32 [T, hidden]; overwritten.
  void backward(const Tape& tape, at::Tensor dhidden) const;

  /// −log p of each loss row's target, from hidden states. With `dhidden`, its row gets the gradient of that value
  /// (float32 [T, hidden], other rows zero): a row's value depends on its own hidden state only, so the gradient of any
  /// weighted sum is these rows times the weights, which may be chosen when the values are known. Logits are computed
  /// for loss rows only and in even slices of at most `loss_slice` rows.
  [[nodiscard]] std::vector<double> loss(const at::Tensor& hidden, const PackedBatch& batch, at::Tensor* dhidden) const;
  /// float32 [T, vocabulary]: for writing, and for tests.
  [[nodiscard]] at::Tensor logits(const at::Tensor& hidden) const;

  /// Nothing read yet, with room for so many tokens.
  [[nodiscard]] Past make_past(std::int64_t capacity) const;
  /// Reads a prompt into `past`, which is empty before. The hidden state of its last token: float32 [1, hidden].
  at::Tensor read_prompt(const std::vector<std::int32_t>& prompt, Past& past) const;
  /// Reads one more token of each sequence. Their hidden states: float32 [sequences, hidden].
  at::Tensor read_next(const std::vector<std::int64_t>& tokens, std::span<Past> pasts) const;

  /// The first layer (0-based) after which a value is not finite; -1 when none, -2 when the embedding already is.
  [[nodiscard]] std::int64_t first_bad_layer(const PackedBatch& batch) const;

  [[nodiscard]] const ModelShape& shape() const { return weights_.shape; }

  static constexpr std::int64_t loss_slice = 128;

  /// What the rows of a batch are filled up to a multiple of. In bfloat16, matrix products of a few sizes instead of
  /// hundreds, whose compiled kernels (libtorch makes one for each size) would cost seconds and gigabytes; float32 has
  /// no such kernels, and is not filled up.
  [[nodiscard]] static constexpr std::int64_t row_multiple(at::ScalarType dtype) {
    return dtype == at::kFloat ? 1 : 64;
  }
  [[nodiscard]] std::int64_t row_multiple() const { return row_multiple(weights_.dtype); }

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm, attention_post_norm, ffn_post_norm, query_norm, key_norm;
    AdaptedLinear qkv, output, gate_up, down;
  };

  at::Tensor embed(const std::vector<std::int64_t>& tokens) const;
  void add_noise(const std::vector<std::int64_t>& lengths, const DropoutKey& key, at::Tensor& x) const;
  at::Tensor logits_of(const at::Tensor& normed) const;
  Tape start_tape(const std::vector<std::int64_t>& lengths) const;
  Tape tables_at(const at::Tensor& positions) const;
  const RopeTables& rope_of(std::size_t layer, const Tape& tables) const;
  /// `pasts`: of sequences that are read on; empty in training.
  void layer_forward(std::size_t index, at::Tensor& x, const Tape& tables, LayerTape& tape, const DropoutKey* dropout,
                     std::span<Past> pasts = {}) const;
  void attention_forward(std::size_t index, at::Tensor& x, const Tape& tables, LayerTape& tape,
                         const DropoutKey* dropout, std::span<Past> pasts) const;
  void ffn_forward(std::size_t index, at::Tensor& x, LayerTape& tape, const DropoutKey* dropout) const;
  void attention_backward(std::size_t index, at::Tensor& dx, const Tape& tables, const LayerTape& tape) const;
  void ffn_backward(std::size_t index, at::Tensor& dx, const LayerTape& tape) const;
  at::Tensor dropout_mask(const AdaptedLinear& linear, std::int64_t tokens, const DropoutKey* key, std::size_t layer,
                          int site) const;

  ModelWeights weights_;
  TransformerOptions options_;
  double dropout_ = 0;
  std::vector<Layer> layers_;
};

}  // namespace twin::training
