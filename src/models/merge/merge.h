// A base model and an adapter made into one model: a folder with a GGUF, or with Hugging Face's files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/progress.h"
#include "core/result.h"

namespace twin::models {

enum class MergeFormat { gguf, safetensors };

struct MergeRequest {
  std::filesystem::path base;     ///< GGUF
  std::filesystem::path adapter;  ///< GGUF file or PEFT folder
  std::filesystem::path target;   ///< folder to make
  MergeFormat format = MergeFormat::gguf;
  std::string type;                           ///< f32 | f16 | bf16; empty: f16 in GGUF, bf16 in safetensors
  std::string quantize;                       ///< one of quantization_types(), in any case; empty: none. GGUF only
  std::string name;                           ///< of the model and its file; empty: the target's
  bool force = false;                         ///< replaces the folder of an earlier merge
  std::uint64_t shard_bytes = 5'000'000'000;  ///< of a safetensors file
  std::string base_name;                      ///< for people: registry id or file name
  std::string license, license_text;          ///< of the base
  std::string adapter_card;                   ///< README.md of the training run; empty: none
  std::filesystem::path gguf_adapter;         ///< the adapter's GGUF form, for a Modelfile with ADAPTER; empty: none
  std::string system;                         ///< what the Modelfiles say as SYSTEM; empty: the chat template's own
  bool learn_chat = true;                     ///< false: the model is not started to find out its TEMPLATE
};

struct MergeResult {
  std::filesystem::path folder;
  std::vector<std::string> files;  ///< below it, the model's first
  std::uint64_t bytes = 0;         ///< of the model's files
  std::size_t tensors = 0, changed = 0;
  std::string type;                ///< F16, Q4_K_M …
  std::string adapter;             ///< "rank 16, scale 2"
  std::vector<std::string> notes;  ///< what could not be carried over, for people
};
[[nodiscard]] Json to_json(const MergeResult& result);

/// Tensor by tensor: memory holds a block of rows, not the model. The folder appears in one step; after a failure, a
/// stop (ErrorKind::cancelled) or a crash what was at its place is as it was. Same input, same bytes.
[[nodiscard]] Result<MergeResult> merge_model(const MergeRequest& request, ProgressSink& progress,
                                              std::stop_token stop);

}  // namespace twin::models
