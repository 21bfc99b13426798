#include "models/registry/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* description_name = "model.json";
constexpr std::uint64_t largest_description = 16u << 20;  // licence texts and chat templates are inside

Result<Model> load(const fs::path& folder) {
  const fs::path path = folder / description_name;
  const auto bytes = disk().read(path, largest_description);
  if (!bytes) return tl::unexpected(bytes.error());
  const Json json = Json::parse(*bytes, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::invalid, tr("The model's description is not JSON"), path.string());
  auto model = model_from_json(json);
  if (!model) {
    model.error().where = path.string();
  } else if (model->id != folder.filename()) {
    return fail(ErrorKind::invalid, tr("The model's id {} is not its folder's name", model->id), path.string());
  }
  return model;
}

Result<std::vector<ModelFile>> hash_files(const fs::path& folder) {
  const auto paths = disk().list(folder);
  if (!paths) return tl::unexpected(paths.error());
  std::vector<ModelFile> files;
  for (const fs::path& path : *paths) {
    const std::string name = path.lexically_relative(folder).generic_string();
    if (name == description_name) continue;
    const auto hash = sha256_file(path);
    if (!hash) return tl::unexpected(hash.error());
    std::error_code error;
    files.push_back({name, *hash, fs::file_size(path, error)});
    if (error) return fail(ErrorKind::io, tr("Cannot read the model file"), path.string());
  }
  return files;
}

/// Moves every file below `from` to the same place below `to`.
Result<void> move_files(const fs::path& from, const fs::path& to) {
  const auto paths = disk().list(from);
  if (!paths) return tl::unexpected(paths.error());
  if (paths->empty()) return fail(ErrorKind::invalid, tr("A model without files cannot be added"), from.string());
  for (const fs::path& path : *paths) {
    const fs::path target = to / path.lexically_relative(from);
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (auto moved = move_or_copy(path, target); !moved) return moved;
  }
  return {};
}

/// Staging folders that a killed process left behind. The caller holds the writers' lock.
void remove_leftovers(const fs::path& root) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (entry.path().filename().string().starts_with(".staging-")) fs::remove_all(entry.path(), error);
  }
}

/// Another process that adds a model is done within seconds: wait for it rather than fail.
Result<FileLock> writers_lock(const fs::path& root) {
  constexpr int attempts = 300;
  for (int attempt = 1;; ++attempt) {
    auto lock = FileLock::acquire(root / ".lock");
    if (lock || attempt == attempts) return lock;
    system_clock().sleep(Millis{200});
  }
}

tl::unexpected<Error> unusable_id(const std::string& id) {
  return fail(ErrorKind::usage, tr("'{}' cannot be the name of a model", id), {},
              tr("Use letters, digits, '.', '_' and '-', at most 128"));
}

Result<void> check_file(const fs::path& path, const ModelFile& file) {
  const auto hash = sha256_file(path);
  if (!hash) return fail(ErrorKind::not_found, tr("A file of the model is missing"), path.string());
  if (*hash != file.sha256) return fail(ErrorKind::invalid, tr("A file of the model has changed"), path.string());
  return {};
}

}  // namespace

ModelRegistry::ModelRegistry(fs::path root) : root_(std::move(root)) {}

fs::path ModelRegistry::folder(const std::string& id) const {
  return root_ / id;
}

std::vector<Model> ModelRegistry::list() const {
  std::vector<Model> models;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_, error)) {
    if (!entry.is_directory(error) || !valid_model_id(entry.path().filename().string())) continue;
    if (!disk().exists(entry.path() / description_name)) continue;  // another program's folder
    auto model = load(entry.path());
    if (model) {
      models.push_back(std::move(*model));
    } else {
      log::warn("model left out: {}", model.error().text());
    }
  }
  std::sort(models.begin(), models.end(), [](const Model& a, const Model& b) { return a.id < b.id; });
  return models;
}

std::optional<Model> ModelRegistry::find(const std::string& id) const {
  if (!valid_model_id(id)) return std::nullopt;
  auto model = load(folder(id));
  return model ? std::optional(std::move(*model)) : std::nullopt;
}

Result<fs::path> ModelRegistry::gguf(const std::string& id) const {
  const auto model = find(id);
  if (!model) {
    std::vector<std::string> known;
    for (const Model& other : list()) known.push_back(other.id);
    const std::string near = text::nearest(id, known);
    return fail(
        ErrorKind::not_found, tr("There is no model {}", id), root_.string(),
        near.empty() ? tr("Fetch one with: twin models pull REFERENCE --id {}", id) : tr("Did you mean {}?", near));
  }
  for (const ModelFile& file : model->files) {
    if (!file.name.ends_with(".gguf")) continue;
    const fs::path path = folder(id) / file.name;
    if (disk().exists(path)) return path;
    return fail(ErrorKind::not_found, tr("A file of the model is missing"), path.string(),
                tr("Fetch it again with: twin models pull {} --id {}", model->source, id));
  }
  return fail(ErrorKind::not_found, tr("Model {} has no GGUF file", id), folder(id).string());
}

Result<Model> ModelRegistry::add(Model model, const fs::path& staged) {
  if (!valid_model_id(model.id)) return unusable_id(model.id);
  std::error_code error;
  fs::create_directories(root_, error);
  if (error) return fail(ErrorKind::io, tr("Cannot make the folder: {}", error.message()), root_.string());
  const auto lock = writers_lock(root_);
  if (!lock) return tl::unexpected(lock.error());
  remove_leftovers(root_);

  const fs::path fresh = root_ / (".staging-" + random_id(model.id));
  fs::create_directories(fresh, error);
  if (auto moved = move_files(staged, fresh); !moved) return tl::unexpected(moved.error());
  auto files = hash_files(fresh);
  if (!files) return tl::unexpected(files.error());
  model.files = std::move(*files);
  if (model.created == 0) model.created = system_clock().now();
  if (auto checked = model_from_json(to_json(model)); !checked) return tl::unexpected(checked.error());
  const std::string json = to_json(model).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (auto written = disk().write(fresh / description_name, json); !written) return tl::unexpected(written.error());
  if (auto placed = replace_folder(fresh, folder(model.id)); !placed) return tl::unexpected(placed.error());
  return model;
}

Result<void> ModelRegistry::verify(const std::string& id) const {
  const auto model = find(id);
  if (!model) return fail(ErrorKind::not_found, tr("There is no model {}", id), root_.string());
  std::vector<std::string> wrong;
  for (const ModelFile& file : model->files) {
    if (auto good = check_file(folder(id) / file.name, file); !good) wrong.push_back(good.error().text());
  }
  if (wrong.empty()) return {};
  return fail(ErrorKind::invalid, fmt::format("{}", fmt::join(wrong, "; ")), folder(id).string(),
              tr("Fetch it again with: twin models pull {} --id {}", model->source, id));
}

Result<void> ModelRegistry::remove(const std::string& id) {
  if (!valid_model_id(id)) return unusable_id(id);
  const auto lock = writers_lock(root_);
  if (!lock) return tl::unexpected(lock.error());
  // Renamed first, so that a crash half-way leaves no model that lists files it no longer has.
  const fs::path doomed = root_ / (".staging-" + random_id(id));
  std::error_code error;
  fs::rename(folder(id), doomed, error);
  if (error) return fail(ErrorKind::not_found, tr("There is no model {}", id), root_.string());
  fs::remove_all(doomed, error);
  if (error) return fail(ErrorKind::io, tr("Cannot remove: {}", error.message()), doomed.string());
  return {};
}

}  // namespace twin::models
