// Step "train": a LoRA adapter of the base model on the instruction samples, in the registry.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/process.h"
#include "ops/pipeline/step.h"
#include "ops/project/training_events.h"
#include "ops/project/training_job.h"
#include "training/client.h"

namespace twin::ops {
namespace {

namespace fs = std::filesystem;

Json key_config(StepContext& context) {
  return Json{{"train", config::canonical(context.project.config().train)}};
}

std::string adapter_gguf_sha256(const models::Model& adapter) {
  for (const models::ModelFile& file : adapter.files) {
    if (file.name == "adapter.gguf") return file.sha256;
  }
  return {};
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  if (outputs.size() != 1) return false;
  const auto adapter = project.models().find(outputs.front().detail);
  return adapter && adapter_gguf_sha256(*adapter) == outputs.front().sha256 &&
         fs::exists(project.models().folder(adapter->id) / "adapter.gguf");
}

/// Copies what belongs into the registry beside the training folder; the registry moves it into place.
fs::path stage(const training::TrainResult& result, const fs::path& folder) {
  fs::path staged = folder / "staged";
  fs::remove_all(staged);
  fs::create_directories(staged);
  fs::copy_file(result.gguf, staged / "adapter.gguf");
  fs::copy(result.peft, staged / "peft", fs::copy_options::recursive);
  if (const fs::path card = folder / "README.md"; fs::exists(card)) fs::copy_file(card, staged / "README.md");
  return staged;
}

models::Model lineage(StepContext& context, const training::TrainResult& result) {
  Project& project = context.project;
  const std::string base_id = project.config().models.chat;
  const auto base = project.models().find(base_id);
  models::Model adapter;
  adapter.id = project.adapter_id();
  adapter.kind = "adapter";
  adapter.family = base ? base->family : std::string();
  adapter.format = "gguf";
  adapter.license = base ? base->license : std::string();
  adapter.source = "run:" + context.run_id;
  adapter.base = base_id;
  adapter.dataset_sha256 = context.inputs.at("dataset.instruct").sha256;
  adapter.run_id = context.run_id;
  adapter.metrics = {{"steps", static_cast<double>(result.steps)}, {"tokens", static_cast<double>(result.tokens)}};
  if (result.eval_skipped.empty()) {
    adapter.metrics["eval_loss"] = result.eval_loss;
    adapter.metrics["base_eval_loss"] = result.base_eval_loss;
  }
  adapter.created = system_clock().now();
  return adapter;
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  training::TrainJob job = training_job(project);
  // One folder per job: a changed job never meets another one's checkpoints, an interrupted one finds its own.
  const Json identity{{"key", key_config(context)},
                      {"data", context.inputs.at("dataset.instruct").sha256},
                      {"base", context.inputs.at("model.chat").sha256}};
  job.out = project.layout().training() / sha256_hex(identity.dump()).substr(0, 16);

  const auto log_event = [&](const training::TrainEvent& event) { log_training(project, context.run_id, event); };
  const training::TrainResult result =
      value_or_throw(training::run_training(job, context.progress, log_event, context.stop));
  const models::Model adapter = value_or_throw(project.models().add(lineage(context, result), stage(result, job.out)));
  return {
      .outputs = {{.name = "adapter", .sha256 = adapter_gguf_sha256(adapter), .kind = "model", .detail = adapter.id}},
      .summary = result.eval_skipped.empty()
                     ? tr("{} steps, {} tokens at {:.0f} tokens/s; validation loss {:.3f} -> {:.3f}", result.steps,
                          result.tokens, result.tokens_per_s, result.base_eval_loss, result.eval_loss)
                     : tr("{} steps, {} tokens at {:.0f} tokens/s; no validation: {}", result.steps, result.tokens,
                          result.tokens_per_s, result.eval_skipped),
      .failures = {}};
}

TWIN_STEP(train, "train",
          {.description = "LoRA adapter from the instruction samples",
           .version = 1,
           .key_config = key_config,
           .present = present,
           .run = run})

}  // namespace
}  // namespace twin::ops
