// Step "train": a LoRA adapter of the base model on the instruction samples, in the registry.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "ops/pipeline/step.h"
#include "ops/project/adapter_model.h"
#include "ops/project/training_events.h"
#include "ops/project/training_job.h"

namespace twin::ops {
namespace {

namespace fs = std::filesystem;

Json key_config(StepContext& context) {
  return Json{{"train", config::canonical(context.project.config().train)}};
}

bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  if (outputs.size() != 1) return false;
  const auto adapter = project.models().find(outputs.front().detail);
  return adapter && adapter_sha256(*adapter) == outputs.front().sha256 &&
         fs::exists(project.models().folder(adapter->id) / "adapter.gguf");
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
  const models::Model adapter = register_adapter(project, result, job.out,
                                                 {.id = project.adapter_id(),
                                                  .run_id = context.run_id,
                                                  .dataset_sha256 = context.inputs.at("dataset.instruct").sha256});
  return {.outputs = {{.name = "adapter", .sha256 = adapter_sha256(adapter), .kind = "model", .detail = adapter.id}},
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
