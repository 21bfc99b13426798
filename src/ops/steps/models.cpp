// Step "models": the project's base and embedding model are on this machine, pulled when they are missing.
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "ops/pipeline/step.h"
#include "ops/project/pull.h"
#include "ops/project/workers.h"

namespace twin::ops {
namespace {

Json key_config(StepContext& context) {
  const ModelsConfig& models = context.project.config().models;
  Json key{{"chat", models.chat}, {"embedding", models.embedding}};
  if (!models.embedding_mmproj.empty()) key["embedding_mmproj"] = models.embedding_mmproj;
  return key;
}

stores::Artifact artifact(Project& project, const std::string& name, const std::string& id) {
  return {.name = name, .sha256 = model_sha256(project, id), .kind = "model", .detail = id};
}

/// The registry still has the file with that hash: by its record and its size; `twin models verify` hashes it again.
bool present(Project& project, const std::vector<stores::Artifact>& outputs) {
  for (const stores::Artifact& output : outputs) {
    const auto file = project.models().gguf(output.detail);
    if (!file || !std::filesystem::exists(*file) || model_sha256(project, output.detail) != output.sha256) return false;
  }
  return true;
}

StepOutcome run(StepContext& context) {
  Project& project = context.project;
  const ModelsConfig& models = project.config().models;
  ensure_model(project, models.chat, models.chat_from, context.progress);
  ensure_model(project, models.embedding, models.embedding_from, context.progress);
  StepOutcome outcome{
      .outputs = {artifact(project, "model.chat", models.chat), artifact(project, "model.embedding", models.embedding)},
      .summary = tr("{} and {}", models.chat, models.embedding),
      .failures = {}};
  if (const std::string& projector = models.embedding_mmproj; !projector.empty()) {
    ensure_model(project, projector, models.embedding_mmproj_from, context.progress);
    outcome.outputs.push_back(artifact(project, "model.embedding_mmproj", projector));
    outcome.summary = tr("{} and {}", models.chat, models.embedder());
  }
  return outcome;
}

TWIN_STEP(models, "models",
          {.description = "Base and embedding model on this machine",
           .version = 1,
           .key_config = key_config,
           .present = present,
           .run = run})

}  // namespace
}  // namespace twin::ops
