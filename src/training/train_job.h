// What a training job is told and what it answers; the border between `twin` and `twin-train`.
// twin-train reads a job as JSON on stdin, writes progress as JSON lines on stderr and its answer on stdout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::training {

struct LoraConfig {
  int r = 16;  ///< LoRA rank
  double alpha = 32;
  double dropout = 0.0;
  std::vector<std::string> targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
  void bind(config::Binder& b);
};

struct TrainConfig {
  LoraConfig lora;
  double lr = 5e-4;
  double warmup = 0.05;  ///< share of steps
  double min_lr = 0.1;   ///< share of lr at the end of the cosine
  double weight_decay = 0.0;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double clip = 1.0;  ///< gradient norm
  double epochs = 1;
  int max_steps = 0;          ///< 0: by epochs
  int batch_tokens = 2048;    ///< packed tokens per optimizer step
  int micro_tokens = 1024;    ///< packed tokens computed at once; bounds memory, does not change the gradient
  int max_length = 1024;      ///< of a sample; longer ones are dropped, counted and listed in dropped.jsonl
  int eval_every = 0;         ///< steps; 0: before and after training only
  int checkpoint_every = 20;  ///< steps
  /// bf16 | f32 | auto, of the frozen weights and activations; LoRA weights are f32. auto: bf16 where the processor has
  /// instructions for it (AVX512-BF16, AMX), else f32, which is many times faster there.
  std::string dtype = "auto";
  int threads = 0;  ///< 0: all cores
  std::int64_t seed = 17;
  bool packing = true;  ///< false: each sample is computed alone; same gradient, slower
  void bind(config::Binder& b);
};

struct TrainJob {
  std::filesystem::path base;       ///< GGUF
  std::filesystem::path data;       ///< JSONL of samples
  std::filesystem::path eval_data;  ///< may be empty
  std::filesystem::path out;        ///< adapter/ (PEFT), adapter.gguf, checkpoints/, metrics.jsonl
  std::string base_name;            ///< written to adapter_config.json
  TrainConfig config;
};

struct TrainResult {
  std::int64_t steps = 0, samples = 0, dropped = 0;
  std::int64_t tokens = 0, loss_tokens = 0;  ///< seen in training, over all epochs
  double seconds = 0, tokens_per_s = 0;
  double final_loss = 0;      ///< nats per answer token of the last step's batch
  double eval_loss = 0;       ///< nats per answer token of eval_data
  double base_eval_loss = 0;  ///< the same before training
  std::uint64_t peak_rss_bytes = 0;
  std::filesystem::path peft, gguf;
};

[[nodiscard]] Json to_json(const TrainJob& job);
[[nodiscard]] Result<TrainJob> train_job_from_json(const Json& json);
[[nodiscard]] Json to_json(const TrainResult& result);
[[nodiscard]] Result<TrainResult> train_result_from_json(const Json& json);

/// Negative log-likelihood of texts or answers under base or base + adapter; `twin-train score`.
struct ScoreJob {
  std::filesystem::path base;
  std::filesystem::path adapter;  ///< PEFT folder, may be empty
  std::filesystem::path data;     ///< JSONL: {"text":…} or samples (answers are scored)
  std::string dtype = "auto";     ///< as in TrainConfig
  int threads = 0;
  int max_length = 512;  ///< window; longer items are scored in windows that overlap by half, nothing is cut
};
struct ScoredItem {
  std::int64_t tokens = 0;
  double nll = 0;  ///< nats, summed over the item's tokens
};
[[nodiscard]] Json to_json(const ScoreJob& job);
[[nodiscard]] Result<ScoreJob> score_job_from_json(const Json& json);

[[nodiscard]] Json to_json(const Error& error);
[[nodiscard]] Error error_from_json(const Json& json);

}  // namespace twin::training
