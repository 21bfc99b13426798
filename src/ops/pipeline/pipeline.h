// A pipeline: steps as a directed acyclic graph, read from pipelines/<name>.yaml.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/config/binder.h"
#include "core/result.h"

namespace twin::ops {

struct PipelineStep {
  std::string id;
  std::string run;                 ///< id of the step plug-in; empty: same as id
  std::vector<std::string> needs;  ///< ids of steps whose outputs it reads
  int retries = 0;                 ///< further attempts after a network or I/O failure
  void bind(config::Binder& b);
};

struct Pipeline {
  std::string name;
  std::string description;
  std::vector<PipelineStep> steps;  ///< in topological order after load_pipeline()
  void bind(config::Binder& b);
  [[nodiscard]] const PipelineStep* find(const std::string& id) const;
};

/// Reads and checks: unknown step plug-ins, unknown or circular needs and duplicate ids are errors that name the file.
[[nodiscard]] Result<Pipeline> load_pipeline(const std::filesystem::path& file);
/// The same pipeline with only `targets` and what they need, directly or not.
[[nodiscard]] Result<Pipeline> up_to(const Pipeline& pipeline, const std::vector<std::string>& targets);
/// <home>/pipelines/<name>.yaml, else Twin's own.
[[nodiscard]] Result<std::filesystem::path> find_pipeline(const std::filesystem::path& home, const std::string& name);

}  // namespace twin::ops
