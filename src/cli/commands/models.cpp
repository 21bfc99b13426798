// twin models list|pull|import|export|quantize|verify|remove.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "models/registry/known_models.h"
#include "models/registry/registry.h"
#include "ops/project/pull.h"

namespace twin::cli {
namespace {

std::uint64_t total_size(const models::Model& model) {
  std::uint64_t size = 0;
  for (const models::ModelFile& file : model.files) size += file.size;
  return size;
}

void show(Session& session, const models::Model& model) {
  if (session.json()) {
    session.print(models::to_json(model));
  } else {
    session.print(fmt::format("{:<28} {:<10} {:<8} {:>8.1f} MB  {:<12} {}", model.id, model.kind, model.family,
                              static_cast<double>(total_size(model)) / 1e6, model.license, model.source));
  }
}

class ModelsList final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models list"; }
  [[nodiscard]] std::string description() const override { return tr("Models on this machine"); }
  int run(Session& session) override {
    for (const models::Model& model : session.models().list()) show(session, model);
    return exit_code::done;
  }
};

/// Pulls by reference; without one, the models that twin.yaml names.
class ModelsPull final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models pull"; }
  [[nodiscard]] std::string description() const override {
    return tr("Fetch a model: an id that Twin knows, pypi:NAME, hf:ORG/REPO[/FILE], a URL or a path");
  }
  void declare(Options& options) override {
    options.positional("reference", reference_, tr("What to fetch (default: the models of twin.yaml)"), false);
    options.option("--id", id_, tr("Name to give it"));
    options.option("--sha256", sha256_, tr("Expected hash of the model file"));
  }
  int run(Session& session) override {
    if (reference_.empty()) {
      ops::Project& project = session.project();
      const ops::ModelsConfig& models = project.config().models;
      ops::ensure_model(project, models.chat, models.chat_from, session.progress());
      ops::ensure_model(project, models.embedding, models.embedding_from, session.progress());
      std::vector<std::string> ids = {models.chat, models.embedding};
      if (!models.embedding_mmproj.empty()) {
        ops::ensure_model(project, models.embedding_mmproj, models.embedding_mmproj_from, session.progress());
        ids.push_back(models.embedding_mmproj);
      }
      for (const std::string& id : ids) show(session, *project.models().find(id));
      return exit_code::done;
    }
    // An id that Twin knows is short for where the model is.
    const std::string known = models::known_reference(reference_);
    models::PullOptions options = session.pull_options(id_.empty() && !known.empty() ? reference_ : id_);
    options.sha256 = sha256_;
    const auto http = make_http_client();
    show(session, value_or_throw(models::pull(session.models(), *http, known.empty() ? reference_ : known, options,
                                              session.progress())));
    return exit_code::done;
  }

 protected:
  std::string reference_, id_, sha256_;
};

class ModelsImport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models import"; }
  [[nodiscard]] std::string description() const override {
    return tr("Take in a GGUF file or a Hugging Face folder in safetensors (encoder or text-generating model)");
  }
  void declare(Options& options) override {
    options.positional("path", path_, tr("GGUF file or folder"));
    options.option("--id", id_, tr("Name to give it"));
  }
  int run(Session& session) override {
    if (!std::filesystem::exists(path_)) throw Fatal(ErrorKind::not_found, tr("There is nothing at this path"), path_);
    const auto http = make_http_client();
    show(session,
         value_or_throw(models::pull(session.models(), *http, path_, session.pull_options(id_), session.progress())));
    return exit_code::done;
  }

 private:
  std::string path_, id_;
};

class ModelsExport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models export"; }
  [[nodiscard]] std::string description() const override { return tr("Copy a model's files into a folder"); }
  void declare(Options& options) override {
    options.positional("id", id_, tr("Id of the model"));
    options.positional("folder", folder_, tr("Folder to write to"));
  }
  int run(Session& session) override {
    value_or_throw(models::export_model(session.models(), id_, folder_));
    if (!session.json()) session.print(tr("{} copied to {}", id_, folder_));
    return exit_code::done;
  }

 private:
  std::string id_, folder_;
};

class ModelsQuantize final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models quantize"; }
  [[nodiscard]] std::string description() const override { return tr("A smaller copy of a GGUF model"); }
  void declare(Options& options) override {
    options.positional("id", id_, tr("Id of the model"));
    options.positional("type", type_, tr("Quantization: Q4_K_M, Q8_0 …"));
    options.option("--as", name_, tr("Name of the copy (default: <id>-<type>)"));
  }
  int run(Session& session) override {
    show(session, value_or_throw(models::quantize_model(session.models(), id_, type_, name_)));
    return exit_code::done;
  }

 private:
  std::string id_, type_, name_;
};

class ModelsVerify final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models verify"; }
  [[nodiscard]] std::string description() const override { return tr("Hash every file of the models again"); }
  int run(Session& session) override {
    int damaged = 0;
    models::ModelRegistry& registry = session.models();
    for (const models::Model& model : registry.list()) {
      const auto verified = registry.verify(model.id);
      damaged += verified ? 0 : 1;
      session.print(fmt::format("{:<28} {}", model.id, verified ? tr("as recorded") : verified.error().text()));
    }
    return damaged == 0 ? exit_code::done : exit_code::partial;
  }
};

class ModelsRemove final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "models remove"; }
  [[nodiscard]] std::string description() const override { return tr("Delete a model from this machine"); }
  void declare(Options& options) override { options.positional("id", id_, tr("Id of the model")); }
  int run(Session& session) override {
    value_or_throw(session.models().remove(id_));
    return exit_code::done;
  }

 private:
  std::string id_;
};

}  // namespace

std::unique_ptr<Command> models_list_command() {
  return std::make_unique<ModelsList>();
}
std::unique_ptr<Command> models_pull_command() {
  return std::make_unique<ModelsPull>();
}
std::unique_ptr<Command> models_import_command() {
  return std::make_unique<ModelsImport>();
}
std::unique_ptr<Command> models_export_command() {
  return std::make_unique<ModelsExport>();
}
std::unique_ptr<Command> models_quantize_command() {
  return std::make_unique<ModelsQuantize>();
}
std::unique_ptr<Command> models_verify_command() {
  return std::make_unique<ModelsVerify>();
}
std::unique_ptr<Command> models_remove_command() {
  return std::make_unique<ModelsRemove>();
}

}  // namespace twin::cli
