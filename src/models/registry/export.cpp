// Copies of models: exported to a folder, quantized to a smaller type.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/process.h"
#include "core/text/ascii.h"
#include "models/registry/disk_tools.h"
#include "models/registry/pull_sources.h"
#include "models/registry/quantize.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t quoted_output = 600;  // bytes of a failed program's last lines

std::string tail(const std::string& text) {
  return text.size() <= quoted_output ? text : "…" + text.substr(text.size() - quoted_output);
}

Result<void> prepare_empty(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorKind::io, tr("Cannot make the folder: {}", error.message()), folder.string());
  if (!fs::is_empty(folder, error)) {
    return fail(ErrorKind::usage, tr("The folder is not empty"), folder.string(), tr("Name a new folder"));
  }
  return {};
}

}  // namespace

const std::vector<std::string>& quantization_types() {
  static const std::vector<std::string> types = {"Q4_0",   "Q4_1",   "Q5_0",   "Q5_1",   "Q8_0",   "Q2_K",   "Q3_K_S",
                                                 "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K",
                                                 "IQ4_NL", "IQ4_XS", "F16",    "BF16",   "F32"};
  return types;
}

Result<std::string> quantization_named(const std::string& name) {
  const std::string upper = text::ascii_upper(name);
  const auto& types = quantization_types();
  if (std::find(types.begin(), types.end(), upper) != types.end()) return upper;
  return fail(ErrorKind::usage, tr("Unknown type {}", name), {},
              tr("Known: {}", fmt::format("{}", fmt::join(types, ", "))));
}

Result<void> quantize_gguf(const fs::path& from, const fs::path& to, const std::string& type, std::stop_token stop) {
  const auto program = find_program("llama-quantize");
  if (!program) return tl::unexpected(program.error());
  const auto threads = std::max(1u, std::thread::hardware_concurrency());
  ProcessSpec spec;
  spec.argv = {program->string(), "--allow-requantize", from.string(), to.string(), type, std::to_string(threads)};
  const auto run = run_limited(std::move(spec), {}, stop);
  if (!run) return tl::unexpected(run.error());
  if (run->status != 0) return fail(ErrorKind::io, tr("llama-quantize failed: {}", tail(run->err)), from.string());
  return {};
}

Result<void> export_model(const ModelRegistry& registry, const std::string& id, const fs::path& target) {
  const auto model = registry.find(id);
  if (!model) return fail(ErrorKind::not_found, tr("There is no model {}", id), registry.root().string());
  if (auto ready = prepare_empty(target); !ready) return ready;
  for (const ModelFile& file : model->files) {
    std::error_code error;
    fs::create_directories((target / file.name).parent_path(), error);
    if (auto copied = copy_synced(registry.folder(id) / file.name, target / file.name); !copied) return copied;
  }
  if (!model->license_text.empty()) {
    if (auto written = disk().write(target / "LICENSE", model->license_text); !written) return written;
  }
  return disk().write(target / "model.json", to_json(*model).dump(2) + "\n");
}

Result<Model> quantize_model(ModelRegistry& registry, const std::string& id, const std::string& type_name,
                             const std::string& new_id) {
  const auto type = quantization_named(type_name);
  if (!type) return tl::unexpected(type.error());
  const auto source = registry.gguf(id);
  if (!source) return tl::unexpected(source.error());
  Model model = *registry.find(id);
  model.id = new_id.empty() ? id_from_name(id + "-" + *type) : new_id;
  model.source = "quantized:" + id;
  model.details["parent"] = id;
  model.details["parent_sha256"] = sha256_file(*source).value_or("");
  model.details.erase("quantization");
  model.created = 0;
  model.metrics.clear();  // measured on the parent

  const fs::path staging = registry.root() / ".downloads" / random_id("quantize");
  std::error_code error;
  fs::create_directories(staging, error);
  const fs::path out = staging / (model.id + ".gguf");
  const auto made = quantize_gguf(*source, out, *type);
  Result<Model> added = made ? Result<Model>(Model{}) : tl::unexpected(made.error());
  if (added) {
    const auto info = read_gguf(out);
    if (info) model.details["quantization"] = info->quantization;
    added = info ? registry.add(std::move(model), staging) : tl::unexpected(info.error());
  }
  fs::remove_all(staging, error);
  return added;
}

}  // namespace twin::models
