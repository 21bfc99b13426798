#include "ops/project/adapter_model.h"

#include "core/clock.h"

namespace twin::ops {
namespace {

namespace fs = std::filesystem;

/// Copies what belongs into the registry beside the training folder; the registry moves it into place.
fs::path stage_adapter(const training::TrainResult& result, const fs::path& folder) {
  fs::path staged = folder / "staged";
  fs::remove_all(staged);
  fs::create_directories(staged);
  fs::copy_file(result.gguf, staged / "adapter.gguf");
  fs::copy(result.peft, staged / "peft", fs::copy_options::recursive);
  if (const fs::path card = folder / "README.md"; fs::exists(card)) fs::copy_file(card, staged / "README.md");
  return staged;
}

models::Model adapter_model(Project& project, const training::TrainResult& result, const AdapterOrigin& origin) {
  const std::string base_id = project.config().models.chat;
  const auto base = project.models().find(base_id);
  models::Model adapter;
  adapter.id = origin.id;
  adapter.kind = "adapter";
  adapter.family = base ? base->family : std::string();
  adapter.format = "gguf";
  adapter.license = base ? base->license : std::string();
  adapter.source = "run:" + origin.run_id;
  adapter.base = base_id;
  adapter.dataset_sha256 = origin.dataset_sha256;
  adapter.run_id = origin.run_id;
  adapter.metrics = {{"steps", static_cast<double>(result.steps)}, {"tokens", static_cast<double>(result.tokens)}};
  if (result.eval_skipped.empty()) {
    adapter.metrics["eval_loss"] = result.eval_loss;
    adapter.metrics["base_eval_loss"] = result.base_eval_loss;
  }
  adapter.details = origin.details;
  adapter.created = system_clock().now();
  return adapter;
}

}  // namespace

models::Model register_adapter(Project& project, const training::TrainResult& result, const fs::path& folder,
                               const AdapterOrigin& origin) {
  return value_or_throw(project.models().add(adapter_model(project, result, origin), stage_adapter(result, folder)));
}

std::string adapter_sha256(const models::Model& adapter) {
  for (const models::ModelFile& file : adapter.files) {
    if (file.name == "adapter.gguf") return file.sha256;
  }
  return {};
}

}  // namespace twin::ops
