#include "training/train_job.h"

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "training/json_binder.h"

namespace twin::training {
namespace {

/// Paths and names of a job, bound like configuration so that both directions are written once.
void bind_path(config::Binder& b, std::string_view key, std::filesystem::path& path) {
  std::string text = path.string();
  b.field(key, text, "", {});
  path = text;
}

void bind_job(TrainJob& job, config::Binder& b) {
  bind_path(b, "base", job.base);
  bind_path(b, "data", job.data);
  bind_path(b, "eval_data", job.eval_data);
  bind_path(b, "out", job.out);
  bind_path(b, "cache", job.cache);
  b.field("base_name", job.base_name, "", {});
  b.field("need_eval", job.need_eval, "");
  b.field("budget", job.budget, "", {.min = 0, .max = 1});
  b.group("config", job.config, "");
}

void bind_score(ScoreJob& job, config::Binder& b) {
  bind_path(b, "base", job.base);
  bind_path(b, "adapter", job.adapter);
  bind_path(b, "data", job.data);
  b.field("dtype", job.dtype, "", {.one_of = {"auto", "bf16", "f32"}});
  b.field("threads", job.threads, "", {.min = 0, .max = 1024});
  b.field("max_length", job.max_length, "", {.min = 16, .max = 1 << 20});
}

void bind_result(TrainResult& result, config::Binder& b) {
  b.field("paused", result.paused, "");
  b.field("steps", result.steps, "");
  b.field("samples", result.samples, "");
  b.field("dropped", result.dropped, "");
  b.field("tokens", result.tokens, "");
  b.field("loss_tokens", result.loss_tokens, "");
  b.field("seconds", result.seconds, "");
  b.field("tokens_per_s", result.tokens_per_s, "");
  b.field("final_loss", result.final_loss, "");
  b.field("eval_loss", result.eval_loss, "");
  b.field("eval_skipped", result.eval_skipped, "");
  b.field("base_eval_loss", result.base_eval_loss, "");
  b.field("reward_margin", result.reward_margin, "");
  b.field("reward_accuracy", result.reward_accuracy, "");
  auto peak = static_cast<std::int64_t>(result.peak_rss_bytes);
  b.field("peak_rss_bytes", peak, "");
  result.peak_rss_bytes = static_cast<std::uint64_t>(peak);
  bind_path(b, "peft", result.peft);
  bind_path(b, "gguf", result.gguf);
  bind_path(b, "merged", result.merged);
}

Result<void> need(const std::filesystem::path& path, const char* key) {
  if (!path.empty()) return {};
  return fail(ErrorKind::usage, tr("The job names no {}", key), key);
}

}  // namespace

void LoraConfig::bind(config::Binder& b) {
  b.field("r", r, "Rank of the low-rank update", {.min = 1, .max = 1024});
  b.field("alpha", alpha, "Scale of the update is alpha / r", {.min = 1e-6, .max = 1e6});
  b.field("dropout", dropout, "Share of the adapter's inputs that is dropped in training", {.min = 0, .max = 0.9});
  b.field("rslora", rslora, "Scale by alpha / √r (Kalajdzievski 2023)");
  b.field("dora", dora, "Also train the length of each row of weight and update (Liu et al. 2024)");
  b.field("targets", targets, "Linear layers that get an adapter",
          {.one_of = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}, .required = true});
}

void DpoConfig::bind(config::Binder& b) {
  b.field("beta", beta, "Strength of the pull towards the reference model", {.min = 1e-6, .max = 100});
  b.field("loss", loss, "sigmoid (Rafailov et al. 2023) or ipo (Azar et al. 2023)", {.one_of = {"sigmoid", "ipo"}});
  b.field("label_smoothing", label_smoothing, "Share of pairs that are taken to be labelled wrongly (sigmoid)",
          {.min = 0, .max = 0.5});
}

void OrpoConfig::bind(config::Binder& b) {
  b.field("lambda", lambda, "Weight of the odds ratio beside the likelihood", {.min = 0, .max = 100});
}

void KtoConfig::bind(config::Binder& b) {
  b.field("beta", beta, "Strength of the pull towards the reference model", {.min = 1e-6, .max = 100});
  b.field("desirable_weight", desirable_weight, "Weight of good answers", {.min = 0, .max = 1e6});
  b.field("undesirable_weight", undesirable_weight, "Weight of bad answers", {.min = 0, .max = 1e6});
}

void SamplesConfig::bind(config::Binder& b) {
  b.field("every", every, "Steps between answers of the model, which are recorded beside the losses (0: none)",
          {.min = 0, .key_irrelevant = true});
  b.field("count", count, "Questions that it answers, spread over the validation samples",
          {.min = 1, .max = 1000, .key_irrelevant = true});
  b.field("prompts", prompts, "Questions that it answers instead of these; beginnings of texts for method text",
          {.key_irrelevant = true});
  b.field("max_tokens", max_tokens, "Longest answer in tokens", {.min = 1, .max = 1 << 16, .key_irrelevant = true});
  b.field("lead_tokens", lead_tokens, "First tokens of a text without a question, behind which the model goes on",
          {.min = 1, .max = 1 << 16, .key_irrelevant = true});
  b.field("temperature", temperature, "0: always the likeliest token; else drawn, the same for the same seed and step",
          {.min = 0, .max = 10, .key_irrelevant = true});
}

void FootprintConfig::bind(config::Binder& b) {
  b.field("core_watts", core_watts, "Watts of a busy core", {.min = 0, .max = 100'000, .key_irrelevant = true});
  b.field("grid_co2", grid_co2, "Grams of CO2e per kWh where the machine is",
          {.min = 0, .max = 100'000, .key_irrelevant = true});
}

void TrainConfig::bind(config::Binder& b) {
  b.field("method", method, "text (plain texts), sft (answers), dpo, orpo (pairs), kto (judged answers)",
          {.one_of = {"text", "sft", "dpo", "orpo", "kto"}});
  b.group("lora", lora, "The adapter");
  b.group("dpo", dpo, "Direct preference optimization");
  b.group("orpo", orpo, "Odds-ratio preference optimization");
  b.group("kto", kto, "Kahneman-Tversky optimization");
  b.field("lr", lr, "Highest learning rate (0: the method's own)", {.min = 0, .max = 1});
  b.field("schedule", schedule, "How the learning rate falls after the warm-up",
          {.one_of = {"cosine", "linear", "constant", "wsd"}});
  b.field("warmup", warmup, "Share of the steps in which the learning rate rises", {.min = 0, .max = 1});
  b.field("decay", decay, "Share of the steps in which it falls (wsd)", {.min = 0, .max = 1});
  b.field("min_lr", min_lr, "Learning rate at the end, as a share of lr", {.min = 0, .max = 1});
  b.field("optimizer", optimizer,
          "adamw; adamw8bit: its moments in a quarter of the memory (Dettmers et al. 2021); muon: orthogonal steps of "
          "A and B (Jordan et al. 2024)",
          {.one_of = {"adamw", "adamw8bit", "muon"}});
  b.field("muon_momentum", muon_momentum, "Muon", {.min = 0, .max = 0.999999, .key_irrelevant = optimizer != "muon"});
  b.field("muon_steps", muon_steps, "Muon: Newton-Schulz iterations",
          {.min = 1, .max = 100, .key_irrelevant = optimizer != "muon"});
  b.field("weight_decay", weight_decay, "Decoupled weight decay", {.min = 0, .max = 10});
  b.field("beta1", beta1, "AdamW", {.min = 0, .max = 0.999999});
  b.field("beta2", beta2, "AdamW", {.min = 0, .max = 0.999999});
  b.field("epsilon", epsilon, "AdamW", {.min = 1e-30, .max = 1});
  b.field("clip", clip, "Largest gradient norm (0: no clipping)", {.min = 0, .max = 1e9});
  b.field("epochs", epochs, "Passes over the samples", {.min = 0, .max = 10'000});
  b.field("max_steps", max_steps, "Optimizer steps (0: by epochs)", {.min = 0});
  b.field("batch_size", batch_size, "Samples per optimizer step (0: by batch_tokens)", {.min = 0, .max = 1 << 20});
  b.field("batch_tokens", batch_tokens, "Packed tokens per optimizer step", {.min = 16, .max = 1 << 24});
  b.field("micro_tokens", micro_tokens, "Packed tokens computed at once (bounds memory)", {.min = 16, .max = 1 << 20});
  b.field("max_length", max_length, "Longest sequence in tokens", {.min = 16, .max = 1 << 20});
  b.field("too_long", too_long, "Longer ones: drop (and list), split (texts), keep, auto (split texts, else drop)",
          {.one_of = {"auto", "drop", "split", "keep"}});
  b.field("early_stop", early_stop,
          "Evaluations in a row without a better loss that end training (0: never); the best adapter is kept",
          {.min = 0});
  b.field("eval_every", eval_every, "Steps between validation losses (0: before and after training)",
          {.min = 0, .key_irrelevant = early_stop == 0});
  b.field("eval_samples", eval_samples, "Validation samples that are used, spread over all of them (0: all)",
          {.min = 0, .key_irrelevant = early_stop == 0});
  b.field("neftune", neftune, "Noise on embeddings in training, alpha of Jain et al. 2023 (0: none)",
          {.min = 0, .max = 1000});
  b.field("checkpoint_every", checkpoint_every, "Steps between checkpoints", {.min = 1, .key_irrelevant = true});
  b.field("dtype", dtype,
          "Type of frozen weights and activations; auto: bf16 where the processor computes it fast, else f32",
          {.one_of = {"auto", "bf16", "f32"}});
  b.field("quantize_base", quantize_base,
          "Keep linear layers in blocks of few bits: false, true (as in the file), or a type to turn them into",
          {.one_of = {"false", "true", "q8_0", "q6_k", "q5_1", "q4_1", "q4_0", "q4_k"}});
  b.field("checkpointing", checkpointing, "Compute activations a second time instead of keeping them");
  b.field("threads", threads, "CPU threads (0: all cores)", {.min = 0, .max = 1024, .key_irrelevant = true});
  b.field("nproc", nproc, "Processes on this machine that share each step (data-parallel)",
          {.min = 1, .max = 1024, .key_irrelevant = true});
  b.field("rank_timeout", rank_timeout, "Seconds until a silent process of several counts as gone",
          {.min = 2, .max = 86'400, .key_irrelevant = true});
  b.field("seed", seed, "Of initial weights, order and dropout", {});
  b.field("packing", packing, "Compute several samples together", {});
  b.group("samples", samples, "What the model answers while it trains");
  b.group("footprint", footprint, "What the model card's estimate of energy and carbon counts with");
}

Json to_json(const TrainJob& job) {
  TrainJob copy = job;
  return bound_to_json([&](config::Binder& b) { bind_job(copy, b); });
}

Result<TrainJob> train_job_from_json(const Json& json) {
  TrainJob job;
  if (auto read = bound_from_json(json, "", [&](config::Binder& b) { bind_job(job, b); }); !read)
    return tl::unexpected(read.error());
  for (const auto& [path, key] : {std::pair{&job.base, "base"}, {&job.data, "data"}, {&job.out, "out"}}) {
    if (auto found = need(*path, key); !found) return tl::unexpected(found.error());
  }
  return job;
}

Json to_json(const TrainResult& result) {
  TrainResult copy = result;
  return bound_to_json([&](config::Binder& b) { bind_result(copy, b); });
}

Result<TrainResult> train_result_from_json(const Json& json) {
  TrainResult result;
  if (auto read = bound_from_json(json, "", [&](config::Binder& b) { bind_result(result, b); }); !read)
    return tl::unexpected(read.error());
  return result;
}

Json to_json(const ScoreJob& job) {
  ScoreJob copy = job;
  return bound_to_json([&](config::Binder& b) { bind_score(copy, b); });
}

Result<ScoreJob> score_job_from_json(const Json& json) {
  ScoreJob job;
  if (auto read = bound_from_json(json, "", [&](config::Binder& b) { bind_score(job, b); }); !read)
    return tl::unexpected(read.error());
  for (const auto& [path, key] : {std::pair{&job.base, "base"}, {&job.data, "data"}}) {
    if (auto found = need(*path, key); !found) return tl::unexpected(found.error());
  }
  return job;
}

Json to_json(const Error& error) {
  return Json{
      {"kind", to_string(error.kind)}, {"message", error.message}, {"where", error.where}, {"hint", error.hint}};
}

Error error_from_json(const Json& json) {
  Error error;
  const std::string kind = json.value("kind", "internal");
  for (const auto k : {ErrorKind::usage, ErrorKind::not_found, ErrorKind::invalid, ErrorKind::limit, ErrorKind::io,
                       ErrorKind::network, ErrorKind::cancelled, ErrorKind::internal}) {
    if (kind == to_string(k)) error.kind = k;
  }
  error.message = json.value("message", "");
  error.where = json.value("where", "");
  error.hint = json.value("hint", "");
  return error;
}

}  // namespace twin::training
