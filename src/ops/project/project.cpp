#include "ops/project/project.h"

#include <fmt/format.h>

#include "core/i18n.h"
#include "core/process.h"
#include "stores/index/location.h"

namespace twin::ops {
namespace {

namespace fs = std::filesystem;

/// Empty when there is none.
fs::path search_home(const fs::path& given) {
  if (!given.empty()) return fs::exists(given / "twin.yaml") ? fs::absolute(given).lexically_normal() : fs::path();
  for (fs::path folder = fs::current_path();; folder = folder.parent_path()) {
    if (fs::exists(folder / "twin.yaml")) return folder;
    if (folder == folder.root_path()) return {};
  }
}

fs::path find_home(const fs::path& given) {
  fs::path found = search_home(given);
  if (!found.empty()) return found;
  const std::string hint = tr("write one with: twin init");
  if (!given.empty()) {
    throw Fatal(ErrorKind::usage, tr("There is no twin.yaml in this folder"), given.string(), hint);
  }
  throw Fatal(ErrorKind::usage, tr("There is no twin.yaml in this folder or above it"), fs::current_path().string(),
              hint);
}

config::Layer command_line_layer(const std::vector<std::string>& sets) {
  config::Layer layer{.file = {}, .values = {}, .origin = "--set"};
  for (const std::string& text : sets) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Fatal(ErrorKind::usage, tr("--set takes key=value, not '{}'", text), "--set");
    }
    layer.values[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return layer;
}

/// One Fatal that lists every configuration error, a line each.
[[noreturn]] void throw_all(const std::vector<Error>& errors) {
  std::string lines;
  for (const Error& error : errors) lines += "\n  " + error.text();
  throw Fatal(ErrorKind::usage, tr("The configuration has {} error(s):", errors.size()) + lines);
}

template <class T, class Open>
T& open_once(std::mutex& mutex, std::unique_ptr<T>& slot, Open open) {
  const std::lock_guard lock(mutex);
  if (!slot) slot = open();
  return *slot;
}

}  // namespace

bool Project::exists(const fs::path& home) {
  return !search_home(home).empty();
}

std::unique_ptr<Project> Project::open(const fs::path& home, const std::vector<std::string>& sets) {
  auto project = std::unique_ptr<Project>(new Project);
  project->layout_.home = find_home(home);

  const auto bind = [&](config::Binder& b) { project->config_.bind(b); };
  const std::vector<config::Layer> layers = {
      {.file = project->layout_.config(), .values = {}, .origin = {}},
      config::environment_layer(bind),
      command_line_layer(sets),
  };
  std::vector<Error> errors = config::read(layers, bind, &project->origins_);

  std::vector<fs::path> folders = {value_or_throw(find_data("categories"))};
  if (const fs::path own = project->layout_.home / "categories"; fs::is_directory(own)) folders.push_back(own);
  auto categories = feature::load_categories(folders);
  if (categories) {
    project->categories_ = std::move(*categories);
  } else {
    errors.push_back(categories.error());
  }
  // Here, so that a password in twin.yaml is refused before anything can print it.
  if (auto address = stores::check_address(project->config_.warehouse); !address) errors.push_back(address.error());
  if (auto address = stores::check_index_address(project->config_.index); !address) errors.push_back(address.error());
  if (!errors.empty()) throw_all(errors);
  project->config_.collect.images.keep = !project->config_.models.embedding_mmproj.empty();
  return project;
}

std::vector<config::ResolvedValue> Project::resolved() {
  return config::resolved([&](config::Binder& b) { config_.bind(b); }, origins_);
}

stores::Warehouse& Project::warehouse() {
  // Before the lock, which is not to be taken twice. A warehouse without a password needs no file with secrets.
  const Secrets& known = config_.warehouse.uri.empty() ? no_secrets() : secrets();
  return open_once(mutex_, warehouse_,
                   [&] { return stores::open_warehouse(config_.warehouse, layout_.warehouse(), known); });
}

stores::IndexVersions& Project::index_versions() {
  const Secrets& known = config_.index.uri.empty() ? no_secrets() : secrets();
  return open_once(mutex_, index_versions_,
                   [&] { return stores::open_index_versions(config_.index, layout_.index(), known); });
}

stores::Index& Project::index() {
  stores::IndexVersions& versions = index_versions();
  const std::string serving = versions.serving();
  const std::lock_guard lock(mutex_);
  if (indexes_.empty() || index_version_ != serving) {
    indexes_.push_back(versions.open(serving));
    index_version_ = serving;
  }
  return *indexes_.back();
}

stores::Runs& Project::runs() {
  return open_once(mutex_, runs_, [&] { return stores::open_runs(layout_.runs()); });
}

models::ModelRegistry& Project::models() {
  return open_once(mutex_, models_, [&] {
    const fs::path folder = config_.models.folder.empty() ? layout_.models() : fs::path(config_.models.folder);
    return std::make_unique<models::ModelRegistry>(folder);
  });
}

HttpClient& Project::http() {
  return open_once(mutex_, http_, [] { return make_http_client(); });
}

feature::PoliteHttp& Project::collect_http() {
  return open_once(mutex_, collect_http_, [&] {
    return feature::make_polite_http(config_.collect.http, system_clock(), layout_.scratch() / "http-cache");
  });
}

const Secrets& Project::secrets() {
  return open_once(mutex_, secrets_, [&] {
    std::vector<fs::path> files = {layout_.state() / "secrets.yaml"};
    if (const fs::path own = Secrets::user_file(); !own.empty()) files.push_back(own);
    return std::make_unique<Secrets>(value_or_throw(Secrets::load(files)));
  });
}

}  // namespace twin::ops
