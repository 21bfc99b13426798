// A project: its folder, its resolved configuration and its stores, opened when first used.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/secrets.h"
#include "feature/category.h"
#include "feature/collect/polite_http.h"
#include "models/registry/registry.h"
#include "ops/project/project_config.h"
#include "stores/index/index.h"
#include "stores/index/versions.h"
#include "stores/runs/runs.h"
#include "stores/warehouse/warehouse.h"

namespace twin::ops {

/// Where things lie below the project's folder.
struct Layout {
  std::filesystem::path home;
  [[nodiscard]] std::filesystem::path config() const { return home / "twin.yaml"; }
  [[nodiscard]] std::filesystem::path state() const { return home / ".twin"; }
  [[nodiscard]] std::filesystem::path lock() const { return state() / "lock"; }
  [[nodiscard]] std::filesystem::path warehouse() const { return state() / "warehouse"; }
  [[nodiscard]] std::filesystem::path duplicates() const { return state() / "duplicates.jsonl"; }
  [[nodiscard]] std::filesystem::path index() const { return state() / "index"; }
  [[nodiscard]] std::filesystem::path runs() const { return state() / "runs"; }
  [[nodiscard]] std::filesystem::path models() const { return state() / "models"; }
  [[nodiscard]] std::filesystem::path dataset(const std::string& kind) const { return state() / "datasets" / kind; }
  /// Of `twin dataset review`.
  [[nodiscard]] std::filesystem::path decisions() const { return state() / "datasets" / "decisions.jsonl"; }
  [[nodiscard]] std::filesystem::path training() const { return state() / "training"; }
  [[nodiscard]] std::filesystem::path reports() const { return state() / "reports"; }
  [[nodiscard]] std::filesystem::path logs() const { return state() / "logs"; }
  [[nodiscard]] std::filesystem::path scratch() const { return state() / "scratch"; }
};

/// Thread-safe. Stores throw Fatal when they cannot be opened.
class Project {
 public:
  /// Finds twin.yaml in `home`, or from the current folder upwards when `home` is empty; reads defaults, twin.yaml,
  /// the environment, then `sets` ("key=value"). All configuration errors are reported together as one Fatal.
  [[nodiscard]] static std::unique_ptr<Project> open(const std::filesystem::path& home,
                                                     const std::vector<std::string>& sets);

  /// Whether open() would find a twin.yaml.
  [[nodiscard]] static bool exists(const std::filesystem::path& home);

  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] ProjectConfig& config() { return config_; }
  [[nodiscard]] std::vector<config::ResolvedValue> resolved();
  [[nodiscard]] const std::map<std::string, feature::Category>& categories() const { return categories_; }
  [[nodiscard]] std::string adapter_id() const { return config_.name + "-twin"; }

  stores::Warehouse& warehouse();
  /// The index that serves now: another one after a switch to another embedding model. What was returned before stays
  /// open as long as the project.
  stores::Index& index();
  stores::IndexVersions& index_versions();
  stores::Runs& runs();
  models::ModelRegistry& models();
  HttpClient& http();
  /// What sources and links are fetched with: polite, and behind the address guard (collect.http).
  feature::PoliteHttp& collect_http();
  /// From the environment, .twin/secrets.yaml, then ~/.config/twin/secrets.yaml. Throws Fatal (usage) when others may
  /// read such a file.
  const Secrets& secrets();

 private:
  Project() = default;

  Layout layout_;
  ProjectConfig config_;
  config::Origins origins_;
  std::map<std::string, feature::Category> categories_;
  std::mutex mutex_;
  std::unique_ptr<stores::Warehouse> warehouse_;
  std::unique_ptr<stores::IndexVersions> index_versions_;
  std::string index_version_;                            ///< of indexes_.back()
  std::vector<std::unique_ptr<stores::Index>> indexes_;  ///< the last one serves
  std::unique_ptr<stores::Runs> runs_;
  std::unique_ptr<models::ModelRegistry> models_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<feature::PoliteHttp> collect_http_;
  std::unique_ptr<Secrets> secrets_;
};

}  // namespace twin::ops
