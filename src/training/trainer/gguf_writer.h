// Builds GGUF files in memory: metadata and tensors, written in the order they were added.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "training/trainer/adapter.h"

struct gguf_context;
struct ggml_context;

namespace twin::training {

class GgufWriter {
 public:
  GgufWriter();
  ~GgufWriter();
  GgufWriter(const GgufWriter&) = delete;
  GgufWriter& operator=(const GgufWriter&) = delete;

  void set(const std::string& key, const std::string& value);
  void set(const std::string& key, std::uint32_t value);
  void set(const std::string& key, float value);
  void set(const std::string& key, bool value);
  /// Shape slowest dimension first, one or two dimensions; stored as the ggml type named ("F32", "F16", "Q4_1" …).
  void add(const std::string& name, const std::vector<std::int64_t>& shape, const float* values,
           const std::string& type = "F32");
  [[nodiscard]] std::string bytes() const;
  /// For metadata that set() does not cover (arrays).
  [[nodiscard]] gguf_context* context() { return context_.get(); }

 private:
  std::unique_ptr<gguf_context, void (*)(gguf_context*)> context_;
  std::unique_ptr<ggml_context, void (*)(ggml_context*)> tensors_;
  std::vector<std::string> data_;
};

/// The adapter as llama.cpp loads it (general.type adapter, blk.N.attn_q.weight.lora_a …); q and k in the family's
/// layout.
[[nodiscard]] Result<void> write_gguf_adapter(const std::filesystem::path& file, const Adapter& adapter,
                                              const ModelShape& shape, const std::string& name);

}  // namespace twin::training
