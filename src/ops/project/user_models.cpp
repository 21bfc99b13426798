#include "ops/project/user_models.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "core/i18n.h"
#include "models/registry/known_models.h"
#include "ops/project/pull.h"

namespace twin::ops {
namespace {

namespace fs = std::filesystem;

fs::path variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

std::optional<fs::path> in_registry(const models::ModelRegistry& registry, const std::string& id) {
  if (!models::valid_model_id(id) || !registry.find(id)) return std::nullopt;
  return value_or_throw(registry.gguf(id));
}

bool is_file(const std::string& name) {
  std::error_code error;
  return fs::is_regular_file(name, error);
}

fs::path find_one(const std::string& name, Project* project, ProgressSink& progress) {
  if (is_file(name)) return name;
  models::ModelRegistry user(user_models_folder());
  if (project != nullptr) {
    if (const auto found = in_registry(project->models(), name)) return *found;
  }
  if (const auto found = in_registry(user, name)) return *found;
  const std::string reference = models::known_reference(name);
  if (reference.empty()) {
    throw Fatal(ErrorKind::not_found, tr("Model '{}' is not on this machine", name), {},
                tr("pull it with: twin models pull REFERENCE --id {}", name));
  }
  if (project != nullptr) {
    ensure_model(*project, name, reference, progress);
    return value_or_throw(project->models().gguf(name));
  }
  const auto http = make_http_client();
  value_or_throw(models::pull(user, *http, reference, user_pull_options(name), progress));
  return value_or_throw(user.gguf(name));
}

}  // namespace

fs::path user_models_folder() {
  if (fs::path named = variable("TWIN_MODELS"); !named.empty()) return named;
  if (const fs::path data = variable("XDG_DATA_HOME"); !data.empty()) return data / "twin" / "models";
  if (const fs::path home = variable("HOME"); !home.empty()) return home / ".local" / "share" / "twin" / "models";
  throw Fatal(ErrorKind::usage, tr("There is no home folder to keep models in"), {},
              tr("name a folder in TWIN_MODELS"));
}

models::PullOptions user_pull_options(const std::string& id) {
  models::PullOptions options = pull_options(id);
  options.find_links = variable("TWIN_PACKAGES");
  return options;
}

models::EmbedderFiles find_embedding_model(const std::string& name, Project* project, ProgressSink& progress) {
  const models::EmbedderIds ids = is_file(name) ? models::EmbedderIds{name, {}} : models::embedder_ids(name);
  models::EmbedderFiles files{find_one(ids.model, project, progress), {}};
  if (!ids.projector.empty()) files.projector = find_one(ids.projector, project, progress);
  return files;
}

std::unique_ptr<models::Worker> start_embedding_worker(const models::EmbedderFiles& files, Project* project) {
  models::WorkerSpec spec;
  spec.name = "embed-" + std::to_string(::getpid());
  spec.model = files.model;
  spec.projector = files.projector;
  spec.embedding = true;
  if (project != nullptr) {
    spec.log_folder = project->layout().logs();
    spec.config = project->config().worker;
  }
  spec.config.slots = 1;  // what a request answers must not depend on what is encoded beside it
  return value_or_throw(models::Worker::start(std::move(spec)));
}

}  // namespace twin::ops
