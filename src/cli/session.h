// One invocation of `twin`: global flags, the project, output, progress, the wish to stop.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "core/progress.h"
#include "ops/project/project.h"

namespace twin::cli {

struct GlobalFlags {
  std::string home;               ///< folder of the project; empty: found from the current folder upwards
  std::vector<std::string> sets;  ///< key=value
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
};

class Session {
 public:
  Session(GlobalFlags flags, std::stop_token stop) : flags_(std::move(flags)), stop_(std::move(stop)) {}

  [[nodiscard]] const GlobalFlags& flags() const { return flags_; }
  [[nodiscard]] bool json() const { return flags_.json; }
  [[nodiscard]] std::stop_token stop() const { return stop_; }

  /// Opens the project at the first call. Throws Fatal.
  ops::Project& project();
  /// Whether there is a project to open.
  [[nodiscard]] bool has_project() const;
  /// The models of the project, or of the user where there is no project.
  models::ModelRegistry& models();
  [[nodiscard]] models::PullOptions pull_options(const std::string& id);
  /// Takes the project's lock for the rest of the command: only one process changes a project at a time.
  void lock_project();
  ProgressSink& progress();

  /// Results go to stdout: text for people, or one JSON value with --json.
  void print(const std::string& text);
  void print(const Json& json);

 private:
  GlobalFlags flags_;
  std::stop_token stop_;
  std::unique_ptr<ops::Project> project_;
  std::unique_ptr<models::ModelRegistry> user_models_;
  std::optional<FileLock> lock_;
  std::unique_ptr<ProgressSink> progress_;
};

}  // namespace twin::cli
