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
  bool rslora = false;  ///< scale by alpha / √r instead of alpha / r (Kalajdzievski 2023)
  bool dora = false;    ///< also train the length of each row of W + update (Liu et al. 2024)
  std::vector<std::string> targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
  void bind(config::Binder& b);
};

/// Preference methods: formulas and papers in trainer/methods/.
struct DpoConfig {
  double beta = 0.1;
  std::string loss = "sigmoid";  ///< sigmoid | ipo
  double label_smoothing = 0.0;
  void bind(config::Binder& b);
};
struct OrpoConfig {
  double lambda = 0.1;
  void bind(config::Binder& b);
};
struct KtoConfig {
  double beta = 0.1;
  double desirable_weight = 1.0, undesirable_weight = 1.0;
  void bind(config::Binder& b);
};

/// What the model answers while it trains: written by the trainer itself, beside the losses.
struct SamplesConfig {
  int every = 0;  ///< steps between answers, which come before the first step and at the end, too; 0: none
  int count = 3;  ///< prompts, spread over the validation samples (without any: the training samples)
  std::vector<std::string> prompts;  ///< instead of these; questions, or beginnings where method is text
  int max_tokens = 64;               ///< of an answer
  int lead_tokens = 16;              ///< of a text without a question: so many begin it, the model goes on
  double temperature = 0;            ///< 0: always the likeliest token; else drawn, by seed and step
  void bind(config::Binder& b);
};

/// What the model card's estimate of energy and carbon counts with. The defaults are those of Lannelongue et al. 2021
/// (Green Algorithms) for an unknown processor and the world's mean.
struct FootprintConfig {
  double core_watts = 12;  ///< of a busy core
  double grid_co2 = 475;   ///< g CO2e per kWh where the machine is
  void bind(config::Binder& b);
};

struct TrainConfig {
  std::string method = "sft";  ///< text | sft | dpo | orpo | kto
  LoraConfig lora;
  DpoConfig dpo;
  OrpoConfig orpo;
  KtoConfig kto;
  double lr = 0;                    ///< 0: the method's own
  std::string schedule = "cosine";  ///< cosine | linear | constant | wsd (warm-up, stable, decay), after the warm-up
  double warmup = 0.05;             ///< share of steps
  double decay = 0.2;               ///< wsd: share of steps in which the learning rate falls
  double min_lr = 0.1;              ///< share of lr at the end
  /// adamw | adamw8bit (moments in 8 bits, Dettmers et al. 2021) | muon (orthogonal steps, Jordan et al. 2024)
  std::string optimizer = "adamw";
  double muon_momentum = 0.95;
  int muon_steps = 5;  ///< Newton-Schulz iterations
  double weight_decay = 0.0;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double clip = 1.0;  ///< gradient norm
  double epochs = 1;
  int max_steps = 0;        ///< 0: by epochs
  int batch_size = 0;       ///< samples per optimizer step; 0: by batch_tokens
  int batch_tokens = 2048;  ///< packed tokens per optimizer step, where batch_size is 0
  int micro_tokens = 512;   ///< packed tokens computed at once; bounds memory, does not change the gradient
  int max_length = 1024;    ///< tokens of a sequence
  /// What happens to a longer one: drop (counted and listed in dropped.jsonl), split (texts only: pieces, each token is
  /// learned once), keep (computed whole), auto (split for texts, else drop).
  std::string too_long = "auto";
  int eval_every = 0;         ///< steps; 0: before and after training only
  int eval_samples = 0;       ///< validation samples that are used, spread over all of them; 0: all
  int early_stop = 0;         ///< evaluations without a better loss until training ends; 0: never
  double neftune = 0;         ///< noise on embeddings, alpha of Jain et al. 2023; 0: none
  int checkpoint_every = 20;  ///< steps
  /// bf16 | f32 | auto, of the frozen weights and activations; LoRA weights are f32. auto: bf16 where the processor has
  /// instructions for it (AVX512-BF16, AMX), else f32, which is many times faster there.
  std::string dtype = "auto";
  /// QLoRA (Dettmers et al. 2023): the linear layers stay in blocks of few bits and are widened one at a time.
  /// false | true (as the model's file has them) | a type that they are turned into: q8_0, q5_1, q4_1, q4_0, q6_k, q4_k
  std::string quantize_base = "false";
  bool checkpointing = false;  ///< recompute each layer's activations in the backward pass: less memory, more time
  int threads = 0;             ///< 0: all cores
  /// Processes on this machine that share each step's batch (data-parallel); ignored in a process that is one of
  /// several already (ranks.h). The result is the same for the same number of processes, up to rounding for any.
  int nproc = 1;
  int rank_timeout = 300;  ///< seconds until a process of several that is silent, or does not start, counts as gone
  std::int64_t seed = 17;
  bool packing = true;  ///< false: each sample is computed alone; same gradient, slower
  SamplesConfig samples;
  FootprintConfig footprint;
  void bind(config::Binder& b);
};

struct TrainJob {
  std::filesystem::path base;       ///< GGUF
  std::filesystem::path data;       ///< JSONL of samples
  std::filesystem::path eval_data;  ///< may be empty
  std::filesystem::path out;        ///< adapter/ (PEFT), adapter.gguf, checkpoints/, metrics.jsonl
  std::filesystem::path cache;      ///< tokenized samples, which several jobs may share; empty: out/cache
  std::string base_name;            ///< written to adapter_config.json
  /// Whether a validation file in which no sample fits max_length ends the run; else it trains without one and says so.
  bool need_eval = true;
  /// Share of the run's steps (rounded, at least one) after which it pauses: a checkpoint and an evaluation instead of
  /// an adapter. The steps are those of the whole run, so that a run which goes on from there ends with the weights of
  /// one that never paused. 1: no pause.
  double budget = 1;
  TrainConfig config;
};

struct TrainResult {
  bool paused = false;  ///< at the job's budget: there is a checkpoint, and no adapter
  std::int64_t steps = 0, samples = 0, dropped = 0;
  std::int64_t tokens = 0, loss_tokens = 0;  ///< seen in training, over all epochs
  double seconds = 0, tokens_per_s = 0;
  double final_loss = 0;      ///< the method's loss of the last step; text and sft: nats per answer token
  double eval_loss = 0;       ///< the same of eval_data
  std::string eval_skipped;   ///< why nothing was evaluated although eval_data is given; empty: it was
  double base_eval_loss = 0;  ///< the same before training
  /// Preference methods, of eval_data or else of the last step: mean implicit reward of chosen minus that of rejected
  /// answers, and the share of pairs where it is positive.
  double reward_margin = 0, reward_accuracy = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::filesystem::path peft, gguf;
  /// DoRA: base and adapter as one GGUF, instead of `gguf`, which cannot hold the lengths of rows; else empty.
  std::filesystem::path merged;
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
