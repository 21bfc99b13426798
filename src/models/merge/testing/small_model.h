// A small Llama-type model in GGUF and a LoRA adapter for it in both forms, for tests. Values are sines of their place.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace twin::models::testing {

inline constexpr std::int64_t small_hidden = 32, small_heads = 2, small_kv_heads = 1, small_ff = 64, small_vocab = 40;

using Matrix = std::vector<float>;

struct SmallModel {
  std::string architecture = "llama";
  ggml_type type = GGML_TYPE_F32;                              ///< of the matrices
  bool vocabulary = true;                                      ///< byte-level BPE with a chat template
  std::map<std::string, std::vector<std::int64_t>> more = {};  ///< further tensors: name, sizes innermost first
  std::function<void(struct gguf_context*)> metadata = {};     ///< further keys
};
void write_small_model(const std::filesystem::path& path, const SmallModel& options = {});

/// The values that write_small_model() gives a tensor.
Matrix small_values(const std::string& tensor, std::int64_t count);

/// Of "q_proj" (heads change places) and "down_proj", in Hugging Face's order of rows.
struct SmallLora {
  std::int64_t rank = 3;
  double alpha = 6;
  bool rslora = false, dora = false;
  std::int64_t hidden = small_hidden;

  [[nodiscard]] Matrix a(const std::string& module) const;
  [[nodiscard]] Matrix b(const std::string& module) const;
  [[nodiscard]] std::int64_t inputs(const std::string& module) const;
  [[nodiscard]] std::int64_t outputs(const std::string& module) const;
  [[nodiscard]] Matrix magnitude(const std::string& module) const;
};
void write_peft(const std::filesystem::path& folder, const SmallLora& lora);
void write_gguf_lora(const std::filesystem::path& path, const SmallLora& lora,
                     const std::string& architecture = "llama");

}  // namespace twin::models::testing
