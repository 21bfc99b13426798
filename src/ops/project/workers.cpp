#include "ops/project/workers.h"

#include "core/i18n.h"

namespace twin::ops {
namespace {

std::unique_ptr<models::Worker> start(Project& project, const std::string& name, const std::string& model,
                                      bool embedding, const std::filesystem::path& adapter = {}) {
  models::WorkerSpec spec;
  spec.name = name;
  spec.model = value_or_throw(project.models().gguf(model));
  spec.adapter = adapter;
  spec.embedding = embedding;
  spec.log_folder = project.layout().logs();
  spec.config = project.config().worker;
  // One slot: what a request answers must not depend on what is decoded beside it.
  spec.config.slots = 1;
  return value_or_throw(models::Worker::start(std::move(spec)));
}

}  // namespace

std::unique_ptr<models::Worker> start_embedding_worker(Project& project) {
  return start(project, "embed-step", project.config().models.embedding, true);
}

std::string serving_embedder(Project& project) {
  std::string id = project.index_versions().serving_embedder();
  return id.empty() ? project.config().models.embedding : id;
}

std::unique_ptr<models::Worker> start_search_worker(Project& project) {
  const std::string id = serving_embedder(project);
  auto worker = start(project, "embed-step", id, true);
  const stores::IndexModel model = project.index().model();
  if (!model.hash.empty() && model.hash != worker->model_hash()) {
    throw Fatal(ErrorKind::invalid, tr("The index was made with another model than '{}' is now", id),
                project.index().location(), tr("make it anew with: twin index"));
  }
  return worker;
}

std::unique_ptr<models::Worker> start_chat_worker(Project& project, const std::filesystem::path& adapter) {
  return start(project, "chat-step", project.config().models.chat, false, adapter);
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
