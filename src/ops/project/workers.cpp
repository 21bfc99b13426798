#include "ops/project/workers.h"

#include "core/i18n.h"
#include "models/registry/embedder_name.h"

namespace twin::ops {
namespace {

/// `spec`: what is to be started; the rest comes from the project.
std::unique_ptr<models::Worker> start(Project& project, models::WorkerSpec spec) {
  spec.log_folder = project.layout().logs();
  spec.config = project.config().worker;
  // One slot: what a request answers must not depend on what is decoded beside it.
  spec.config.slots = 1;
  return value_or_throw(models::Worker::start(std::move(spec)));
}

std::unique_ptr<models::Worker> start_embedder(Project& project, const std::string& name, bool questions) {
  const models::EmbedderFiles files = value_or_throw(models::embedder_files(project.models(), name));
  models::WorkerSpec spec;
  spec.model = files.model;
  spec.projector = files.projector;
  spec.name = "embed-step";
  spec.embedding = true;
  spec.questions = questions;
  return start(project, std::move(spec));
}

}  // namespace

std::unique_ptr<models::Worker> start_embedding_worker(Project& project) {
  return start_embedder(project, project.config().models.embedder(), false);
}

std::string serving_embedder(Project& project) {
  std::string name = project.index_versions().serving_embedder();
  return name.empty() ? project.config().models.embedder() : name;
}

std::unique_ptr<models::Worker> start_search_worker(Project& project) {
  const std::string id = serving_embedder(project);
  auto worker = start_embedder(project, id, true);
  const stores::IndexModel model = project.index().model();
  if (!model.hash.empty() && model.hash != worker->model_hash()) {
    throw Fatal(ErrorKind::invalid, tr("The index was made with another model than '{}' is now", id),
                project.index().location(), tr("make it anew with: twin index"));
  }
  return worker;
}

std::unique_ptr<models::Worker> start_chat_worker(Project& project, const std::filesystem::path& adapter) {
  models::WorkerSpec spec;
  spec.name = "chat-step";
  spec.model = value_or_throw(project.models().gguf(project.config().models.chat));
  spec.adapter = adapter;
  return start(project, std::move(spec));
}

std::string model_sha256(Project& project, const std::string& id) {
  const auto model = project.models().find(id);
  if (model) {
    for (const models::ModelFile& file : model->files) {
      if (file.name.ends_with(".gguf")) return file.sha256;
    }
  }
  throw Fatal(ErrorKind::not_found, tr("Model '{}' is not on this machine", id), {},
              tr("pull it with: twin models pull"));
}

}  // namespace twin::ops
