#include "models/merge/merge.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/ascii.h"
#include "models/engines/worker.h"
#include "models/hf/gguf_vocabulary.h"
#include "models/merge/hf_config.h"
#include "models/merge/hf_tokenizer.h"
#include "models/merge/merge_card.h"
#include "models/merge/merged_gguf.h"
#include "models/merge/merged_safetensors.h"
#include "models/merge/modelfile.h"
#include "models/merge/staged_folder.h"
#include "models/registry/default_template.h"
#include "models/registry/disk_tools.h"
#include "models/registry/quantize.h"
#include "models/registry/registry.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* record_name = "merge.json";  // says that the folder is one of ours
constexpr double widest_quantization = 0.55;       // of f16: Q8_0 has 8.5 bits a weight

/// What a request resolves to.
struct MergePlan {
  FloatType type = FloatType::f16;
  std::string quantize;  ///< empty: none
  std::string name;
};

Result<MergePlan> plan_merge(const MergeRequest& request) {
  const bool gguf = request.format == MergeFormat::gguf;
  MergePlan plan;
  std::string type = request.type.empty() ? (gguf ? "f16" : "bf16") : request.type;
  if (!request.quantize.empty()) {
    if (!gguf) return fail(ErrorKind::usage, tr("--quantize is for GGUF; safetensors take --type"));
    const auto quantization = quantization_named(request.quantize);
    if (!quantization) return tl::unexpected(quantization.error());
    const bool plain = float_type_named(*quantization).has_value();
    if (plain) type = *quantization;
    if (!plain) plan.quantize = *quantization;
  }
  const auto known = float_type_named(type);
  if (!known) return tl::unexpected(known.error());
  plan.type = *known;
  const fs::path place = fs::absolute(request.target).lexically_normal();
  plan.name =
      !request.name.empty() ? request.name : (place.has_filename() ? place : place.parent_path()).filename().string();
  if (plan.name.find('/') != std::string::npos || plan.name.starts_with('.') || plan.name.empty())
    return fail(ErrorKind::usage, tr("'{}' cannot be the name of a model", plan.name), {}, tr("Use --name"));
  return plan;
}

/// Nothing but an earlier merge is ever replaced.
Result<void> check_merge_target(const fs::path& target, bool force) {
  const auto status = disk().stat(target);
  if (!status) return {};
  std::error_code error;
  if (status->directory && fs::is_empty(target, error)) return {};
  const bool ours = status->directory && disk().exists(target / record_name);
  if (ours && force) return {};
  if (ours) return fail(ErrorKind::usage, tr("There is a merged model already"), target.string(), tr("Use --force"));
  return fail(ErrorKind::usage, tr("Something else is there"), target.string(), tr("Name a new folder"));
}

class Merge {
 public:
  Merge(const MergeRequest& request, MergePlan plan, const MergedModel& model, ProgressSink& progress,
        std::stop_token stop)
      : request_(request), plan_(std::move(plan)), model_(model), progress_(progress), stop_(std::move(stop)) {}

  Result<MergeResult> run() {
    auto staged = StagedFolder::make(request_.target);
    if (!staged) return tl::unexpected(staged.error());
    result_.tensors = model_.base().tensors().size();
    result_.changed = model_.adapter().targets().size();
    result_.adapter = model_.adapter().summary();
    find_chat_template();
    const bool gguf = request_.format == MergeFormat::gguf;
    const auto written = gguf ? write_gguf(*staged) : write_hf(*staged);
    if (!written) return tl::unexpected(written.error());
    if (auto beside = write_beside(staged->path()); !beside) return tl::unexpected(beside.error());
    if (stop_.stop_requested()) return merge_stopped();
    if (auto placed = staged->put_in_place(); !placed) return tl::unexpected(placed.error());
    result_.folder = request_.target;
    return std::move(result_);
  }

 private:
  Result<void> write_gguf(const StagedFolder& staged) {
    const std::uint64_t plain_bytes = merged_gguf_bytes(model_, plan_.type);
    std::uint64_t needed = plain_bytes;
    if (!plan_.quantize.empty())
      needed += static_cast<std::uint64_t>(widest_quantization *
                                           static_cast<double>(merged_gguf_bytes(model_, FloatType::f16)));
    if (auto room = staged.need(needed); !room) return room;
    result_.type = plan_.quantize.empty() ? text::ascii_upper(to_string(plan_.type)) : plan_.quantize;
    const std::string file_name = plan_.name + "." + result_.type + ".gguf";
    const fs::path file = staged.path() / file_name;
    const fs::path plain = plan_.quantize.empty() ? file : staged.path() / ".wide.gguf";
    const auto bar = progress_.start("merge", "tensors");
    const MergedGguf spec{plan_.type, plan_.name, chat_template_};
    if (auto done = write_merged_gguf(model_, spec, plain, *bar, stop_); !done) return done;
    if (!plan_.quantize.empty()) {
      bar->note(plan_.quantize);
      if (auto done = quantize_gguf(plain, file, plan_.quantize, stop_); !done) return done;
      std::error_code ignored;
      fs::remove(plain, ignored);
      if (auto synced = sync_path(file); !synced) return synced;
      if (auto good = read_gguf(file); !good) return tl::unexpected(good.error());
    }
    if (auto added = add_model_file(staged.path(), file_name); !added) return added;
    return write_modelfiles(staged.path(), file_name);
  }

  Result<void> write_hf(const StagedFolder& staged) {
    const auto name = model_.base().file().text("general.architecture").value_or("");
    const Architecture* const family = find_architecture(name);
    if (family == nullptr) {
      return fail(ErrorKind::invalid, tr("Hugging Face's names for the architecture {} are not known", name),
                  model_.base().path().string(), tr("Merge to GGUF instead"));
    }
    if (auto room = staged.need(merged_safetensors_bytes(model_, plan_.type)); !room) return room;
    result_.type = text::ascii_upper(to_string(plan_.type));
    const auto config = hf_config(*family, model_.base(), plan_.type, result_.notes);
    if (!config) return tl::unexpected(config.error());
    const auto bar = progress_.start("merge", "tensors");
    const auto shards =
        write_merged_safetensors(model_, *family, {plan_.type, request_.shard_bytes}, staged.path(), *bar, stop_);
    if (!shards) return tl::unexpected(shards.error());
    for (const std::string& shard : *shards) {
      if (auto added = add_model_file(staged.path(), shard); !added) return added;
    }
    auto files = hf_tokenizer(model_.base().file(), chat_template_, result_.notes);
    files["config.json"] = config->dump(2) + "\n";
    files["generation_config.json"] = hf_generation_config(model_.base().file()).dump(2) + "\n";
    for (const auto& [file, text] : files) {
      if (auto written = write_text(staged.path(), file, text); !written) return written;
    }
    return {};
  }

  /// The base's, or the one that training and serving use for a base without.
  void find_chat_template() {
    const GgufFile& file = model_.base().file();
    chat_template_ = file.text("tokenizer.chat_template").value_or("");
    if (!chat_template_.empty() || file.array_size("tokenizer.ggml.tokens") == 0) return;
    const DefaultTemplate& usual = default_template(file.text("general.architecture").value_or(""));
    chat_template_ = usual.jinja;
    result_.notes.push_back(tr("chat template: {}, the default, because the base has none", usual.name));
  }

  /// One for the merged file; one for the base and the adapter side by side.
  Result<void> write_modelfiles(const fs::path& folder, const std::string& gguf) {
    Modelfile modelfile;
    modelfile.from = "./" + gguf;
    if (request_.learn_chat) modelfile.format = chat_format_of(folder / gguf);
    modelfile.system = request_.system;
    modelfile.stops = stop_words(model_.base().file(), modelfile.format);
    modelfile.license = request_.license_text.empty() ? request_.license : request_.license_text;
    if (auto written = write_text(folder, "Modelfile", modelfile_text(modelfile)); !written) return written;
    if (request_.gguf_adapter.empty()) return {};
    modelfile.from = fs::absolute(request_.base).lexically_normal().string();
    modelfile.adapter = fs::absolute(request_.gguf_adapter).lexically_normal().string();
    return write_text(folder, "Modelfile.adapter", modelfile_text(modelfile));
  }

  /// llama.cpp's own rendering of the template; it also shows that it loads the file.
  std::optional<ChatFormat> chat_format_of(const fs::path& gguf) {
    const TempFolder logs("twin-merge");
    WorkerSpec spec;
    spec.name = "template";
    spec.model = gguf;
    spec.log_folder = logs.path();
    spec.config.context_tokens = 512;  // nothing is generated
    const auto worker = Worker::start(std::move(spec));
    if (!worker) {
      result_.notes.push_back(tr("Modelfile: no TEMPLATE, for the model did not start: {}", worker.error().message));
      return std::nullopt;
    }
    const auto render = [&](const std::vector<Message>& messages, bool generation) {
      return (*worker)->apply_template(messages, generation);
    };
    // What is put before every text anyway must not be in the template; SmolLM2's is the word that begins each turn.
    const GgufFile& file = model_.base().file();
    const bool added = adds_bos_token(file);
    auto format = learn_chat_format(render, added ? special_token(file, "tokenizer.ggml.bos_token_id") : "");
    if (!format)
      result_.notes.push_back(tr("Modelfile: no TEMPLATE, for the chat template is not one of single turns"));
    return format;
  }

  Result<void> add_model_file(const fs::path& folder, const std::string& name) {
    std::error_code error;
    result_.bytes += fs::file_size(folder / name, error);
    if (error) return fail(ErrorKind::io, error.message(), (folder / name).string());
    result_.files.push_back(name);
    return {};
  }

  Result<void> write_text(const fs::path& folder, const std::string& name, const std::string& text) {
    if (auto written = disk().write(folder / name, text); !written) return written;
    result_.files.push_back(name);
    return {};
  }

  Result<void> write_beside(const fs::path& folder) {
    if (!request_.license_text.empty()) {
      if (auto written = write_text(folder, "LICENSE", request_.license_text); !written) return written;
    }
    const auto base = sha256_file(model_.base().path());
    if (!base) return tl::unexpected(base.error());
    const auto adapter = sha256_file(model_.adapter().weights());
    if (!adapter) return tl::unexpected(adapter.error());
    const MergeCard card{request_, result_, plan_.name, *base, *adapter};
    if (auto written = write_text(folder, "README.md", merge_card(card)); !written) return written;
    return write_text(folder, record_name, merge_record(*base, *adapter).dump(2) + "\n");
  }

  /// What the model was made of, by hash.
  [[nodiscard]] Json merge_record(const std::string& base_sha256, const std::string& adapter_sha256) const {
    return Json{{"base", {{"name", request_.base_name}, {"sha256", base_sha256}}},
                {"adapter", {{"sha256", adapter_sha256}, {"summary", result_.adapter}}},
                {"type", result_.type},
                {"tensors", result_.tensors},
                {"changed", result_.changed},
                {"license", request_.license},
                {"notes", result_.notes}};
  }

  const MergeRequest& request_;
  MergePlan plan_;
  const MergedModel& model_;
  ProgressSink& progress_;
  std::stop_token stop_;
  std::string chat_template_;
  MergeResult result_;
};

}  // namespace

Json to_json(const MergeResult& result) {
  return Json{{"folder", result.folder.string()}, {"files", result.files},     {"bytes", result.bytes},
              {"tensors", result.tensors},        {"changed", result.changed}, {"type", result.type},
              {"adapter", result.adapter},        {"notes", result.notes}};
}

Result<MergeResult> merge_model(const MergeRequest& request, ProgressSink& progress, std::stop_token stop) {
  auto plan = plan_merge(request);
  if (!plan) return tl::unexpected(plan.error());
  if (auto free = check_merge_target(request.target, request.force); !free) return tl::unexpected(free.error());
  const auto model = MergedModel::open(request.base, request.adapter);
  if (!model) return tl::unexpected(model.error());
  return Merge(request, std::move(*plan), **model, progress, std::move(stop)).run();
}

}  // namespace twin::models
