#include "cli/adapter_source.h"

#include "cli/base_model.h"
#include "core/i18n.h"
#include "models/merge/lora.h"

namespace twin::cli {
namespace {

namespace fs = std::filesystem;

/// PEFT's form first: it can say more (DoRA).
fs::path adapter_in(const fs::path& folder) {
  for (const char* part : {"", "adapter", "peft"}) {
    fs::path place = *part == '\0' ? folder : folder / part;
    if (disk().exists(place / "adapter_config.json")) return place;
  }
  if (disk().exists(folder / "adapter.gguf")) return folder / "adapter.gguf";
  throw Fatal(ErrorKind::not_found, tr("There is no adapter in this folder"), folder.string(),
              tr("Name a folder of twin train --out, a PEFT folder or a GGUF adapter"));
}

AdapterSource of_folder(const std::string& name, const fs::path& folder) {
  AdapterSource source;
  source.name = name;
  source.path = adapter_in(folder);
  if (disk().exists(folder / "adapter.gguf")) source.gguf = folder / "adapter.gguf";
  source.base = models::base_of_lora(source.path);
  source.card = disk().read(folder / "README.md").value_or("");
  return source;
}

}  // namespace

models::ModelRegistry registry_here(Session& session) {
  return models::ModelRegistry(session.has_project() ? session.project().models().root() : user_models());
}

AdapterSource find_adapter_source(Session& session, const std::string& reference) {
  if (fs::is_regular_file(reference)) {
    AdapterSource source;
    source.path = source.gguf = reference;
    source.name = source.path.stem().string();
    source.base = models::base_of_lora(source.path);
    return source;
  }
  if (!reference.empty() && fs::is_directory(reference)) {
    const fs::path folder = fs::absolute(reference).lexically_normal();
    return of_folder((folder.has_filename() ? folder : folder.parent_path()).filename().string(), folder);
  }
  const std::string id = reference.empty() ? session.project().adapter_id() : reference;
  const models::ModelRegistry registry = registry_here(session);
  const auto model = registry.find(id);
  if (!model) {
    throw Fatal(ErrorKind::not_found, tr("There is no adapter {}", id), registry.root().string(),
                tr("Train one with twin train, or name a folder or file"));
  }
  if (model->kind != "adapter")
    throw Fatal(ErrorKind::usage, tr("{} is no adapter but a model of kind {}", id, model->kind));
  AdapterSource source = of_folder(id, registry.folder(id));
  if (!model->base.empty()) source.base = model->base;
  source.of_project = model->source.starts_with("run:");
  return source;
}

}  // namespace twin::cli
