// A LoRA adapter on disk, in the form of llama.cpp (GGUF) or of Hugging Face PEFT (folder), read one weight at a time.
// Hu et al. 2021; rank-stabilized scale: Kalajdzievski 2023; DoRA: Liu et al. 2024.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "models/merge/gguf_rows.h"

namespace twin::models {

/// The update of one weight W [outputs, inputs], its rows in the order of the base's GGUF: W + scale·B·A; with a
/// magnitude, each row of that brought to its length (DoRA).
struct LowRankUpdate {
  std::int64_t rank = 0, inputs = 0, outputs = 0;
  double scale = 1;
  std::vector<float> a;          ///< [rank, inputs]
  std::vector<float> b;          ///< [outputs, rank]
  std::vector<float> magnitude;  ///< [outputs], or empty
};

struct LoraTarget {
  std::string tensor;  ///< of the base: "blk.0.attn_q.weight"
  std::int64_t rank = 0, inputs = 0, outputs = 0;
};

class LoraAdapter {
 public:
  virtual ~LoraAdapter() = default;
  /// In order of name.
  [[nodiscard]] virtual const std::vector<LoraTarget>& targets() const = 0;
  [[nodiscard]] virtual Result<LowRankUpdate> read(const LoraTarget& target) const = 0;
  /// "rank 16, scale 2", for people.
  [[nodiscard]] virtual std::string summary() const = 0;
  /// The file that holds the weights.
  [[nodiscard]] virtual const std::filesystem::path& weights() const = 0;
};

/// `path`: a GGUF adapter, or a folder with adapter_config.json and adapter_model.safetensors. PEFT names and rows are
/// brought to those of `base`. ErrorKind::invalid for what a merge cannot express, by name: another method than LoRA,
/// trained biases or whole modules, layers that the base does not have.
[[nodiscard]] Result<std::unique_ptr<LoraAdapter>> open_lora(const std::filesystem::path& path, const GgufRows& base);

/// The base that the adapter says it was made for (adapter_config.json, general.name); empty when it does not.
[[nodiscard]] std::string base_of_lora(const std::filesystem::path& path);

}  // namespace twin::models
