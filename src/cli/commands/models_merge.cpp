// twin models merge: base and adapter into one model.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/adapter_source.h"
#include "cli/base_model.h"
#include "cli/commands.h"
#include "core/i18n.h"
#include "models/merge/merge.h"
#include "models/prompts/prompts.h"
#include "models/registry/registry.h"

namespace twin::cli {
namespace {

/// "5GB", "500MB" or bytes.
std::uint64_t parse_size(const std::string& text) {
  std::size_t digits = 0;
  double value = 0;
  try {
    value = std::stod(text, &digits);
  } catch (const std::exception&) {
    digits = 0;
  }
  const std::string unit = text.substr(digits);
  const double factor = unit == "GB" ? 1e9 : unit == "MB" ? 1e6 : unit == "KB" ? 1e3 : unit.empty() ? 1 : 0;
  const double bytes = value * factor;
  if (digits == 0 || !(bytes >= 1) || bytes > 1e15)
    throw Fatal(ErrorKind::usage, tr("'{}' is no size: use 5GB, 500MB …", text), "--shard-size");
  return static_cast<std::uint64_t>(bytes);
}

class ModelsMerge final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models merge"; }
  [[nodiscard]] std::string description() const override { return tr("One model of a base and an adapter"); }
  void declare(Options& options) override {
    options.positional("adapter", adapter_,
                       tr("Folder of twin train --out, PEFT folder, GGUF adapter, or an adapter's id"));
    options.positional("folder", folder_, tr("Folder to make"));
    options.option("--base", base_, tr("Base model (default: the one that the adapter names)"));
    options.option("--format", format_, tr("gguf (llama.cpp, Ollama) or safetensors (Hugging Face)"));
    options.option("--type", type_, tr("Type of the weights: f32, f16 or bf16 (default: f16; safetensors: bf16)"));
    options.option("--quantize", quantize_, tr("Quantization of the GGUF: q4_k_m, q8_0 …"));
    options.option("--name", name_, tr("Name of the model (default: the folder's)"));
    options.option("--shard-size", shard_size_, tr("Largest safetensors file"));
    options.option("--system", system_, tr("SYSTEM of the Modelfile (default: that of the training, or the template)"));
    options.flag("--force", force_, tr("Replace the folder of an earlier merge"));
  }

  int run(Session& session) override {
    models::MergeRequest request;
    if (format_ != "gguf" && format_ != "safetensors")
      throw Fatal(ErrorKind::usage, tr("There is no format {}: gguf or safetensors", format_), "--format");
    request.format = format_ == "gguf" ? models::MergeFormat::gguf : models::MergeFormat::safetensors;
    request.type = type_;
    request.quantize = quantize_;
    request.target = folder_;
    request.name = name_;
    request.force = force_;
    request.shard_bytes = parse_size(shard_size_);
    const AdapterSource adapter = find_adapter_source(session, adapter_);
    request.adapter = adapter.path;
    request.adapter_card = adapter.card;
    request.gguf_adapter = adapter.gguf;
    request.system = system_;
    // What a project trains with is what it has to be asked with.
    if (system_.empty() && adapter.of_project) request.system = value_or_throw(models::load_prompts()).system;
    const BaseModel base = base_of(session, adapter);
    request.base = base.gguf;
    request.base_name = base.name;
    describe_base(session, base, request);
    const auto result = models::merge_model(request, session.progress(), session.stop());
    print(session, value_or_throw(result));
    return exit_code::done;
  }

 private:
  BaseModel base_of(Session& session, const AdapterSource& adapter) const {
    if (!base_.empty()) return find_base_model(session, base_);
    if (adapter.base.empty())
      throw Fatal(ErrorKind::usage, tr("The adapter does not say which base it is for"), adapter.path.string(),
                  tr("Name it with --base"));
    try {
      return find_base_model(session, adapter.base);
    } catch (const Fatal&) {
      throw Fatal(ErrorKind::usage, tr("The adapter is for the base {}, which is not here", adapter.base),
                  adapter.path.string(), tr("Name it with --base"));
    }
  }

  /// The licence, from the registry's entry or the file.
  static void describe_base(Session& session, const BaseModel& base, models::MergeRequest& request) {
    if (const auto info = models::read_gguf(base.gguf)) request.license = info->license;
    const models::ModelRegistry registry = registry_here(session);
    for (const models::Model& model : registry.list()) {
      for (const models::ModelFile& file : model.files) {
        if (registry.folder(model.id) / file.name != base.gguf) continue;
        if (!model.license.empty()) request.license = model.license;
        request.license_text = model.license_text;
      }
    }
  }

  static void print(Session& session, const models::MergeResult& result) {
    if (session.json()) return session.print(models::to_json(result));
    session.print(tr("{}: {:.1f} MB, {}; {} of {} tensors changed by the adapter ({})",
                     (result.folder / result.files.front()).string(), static_cast<double>(result.bytes) / 1e6,
                     result.type, result.changed, result.tensors, result.adapter));
    for (const std::string& note : result.notes) session.print("  " + note);
  }

  std::string adapter_, folder_, base_, format_ = "gguf", type_, quantize_, name_, system_, shard_size_ = "5GB";
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> models_merge_command() {
  return std::make_unique<ModelsMerge>();
}

}  // namespace twin::cli
