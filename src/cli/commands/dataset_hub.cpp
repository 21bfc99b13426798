// twin dataset push, pull: data sets to a hub and from it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "evaluation/token_estimate.h"
#include "feature/training_sets/set_card.h"
#include "models/hub/hub_datasets.h"

namespace twin::cli {
namespace {

constexpr std::string_view kScheme = "hf:", kDatasets = "datasets/";

models::HubReference reference_of(const std::string& text) {
  if (!text.starts_with(kScheme))
    throw Fatal(ErrorKind::usage, tr("'{}' names no data set of a hub: write hf:ORG/NAME", text));
  std::string rest = text.substr(kScheme.size());
  if (rest.starts_with(kDatasets)) rest = rest.substr(kDatasets.size());
  return value_or_throw(models::parse_hub_reference(rest));
}

class DatasetPull final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset pull"; }
  [[nodiscard]] std::string description() const override { return tr("A data set of a hub into a folder"); }
  void declare(Options& options) override {
    options.positional("reference", reference_, tr("hf:datasets/ORG/NAME[@REVISION][/FILE]"));
    options.option("--out", out_, tr("Folder (default: the name of the data set)"));
  }
  int run(Session& session) override {
    const auto reference = reference_of(reference_);
    const std::filesystem::path folder =
        out_.empty() ? reference.repo.substr(reference.repo.find('/') + 1) : std::string(out_);
    const auto http = make_http_client();
    models::Hub hub(*http, models::Hub::default_url());
    const auto files = value_or_throw(models::pull_dataset(hub, reference, folder, session.progress()));
    Json list = Json::array();
    for (const auto& file : files) list.push_back(file.string());
    if (session.json()) {
      session.print(Json{{"files", std::move(list)}});
      return exit_code::done;
    }
    for (const auto& file : files) session.print(file.string());
    session.print(tr("next: twin dataset import FILE --out train.jsonl"));
    return exit_code::done;
  }

 private:
  std::string reference_, out_;
};

class DatasetPush final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset push"; }
  [[nodiscard]] std::string description() const override {
    return tr("The project's samples, or files, to a hub, with a card");
  }
  void declare(Options& options) override {
    options.positional("reference", reference_, tr("hf:ORG/NAME; needs a token in HF_TOKEN"));
    options.positional("files", files_, tr("Training sets (default: the project's samples)"), false);
    options.option("--licence", licence_, tr("Licence that the card names, such as cc-by-4.0"));
    options.option("--message", message_, tr("Of the commit"));
    options.flag("--public", public_, tr("Visible to all, where the repository is made for it (default: private)"));
  }
  int run(Session& session) override {
    const auto reference = reference_of(reference_);
    if (!reference.file.empty()) throw Fatal(ErrorKind::usage, tr("hf:ORG/NAME names no file here"), reference_);
    if (!models::Hub::has_token()) {
      // Said before a large set is read.
      throw Fatal(ErrorKind::usage, tr("Pushing needs a token: the environment variable HF_TOKEN is not set"),
                  reference_, tr("make one with the right to write on the hub's page, and set HF_TOKEN"));
    }
    files_.empty() ? gather_project(session) : gather_files();
    uploads_.push_back(
        {"README.md",
         {},
         feature::dataset_card(reference.repo.substr(reference.repo.find('/') + 1), licence_, card_, sets_)});
    models::PushOptions options;
    options.make_private = !public_;
    if (!message_.empty()) options.message = message_;
    const auto http = make_http_client();
    models::Hub hub(*http, models::Hub::default_url());
    const auto pushed = value_or_throw(models::push_dataset(hub, reference, uploads_, options, session.progress()));
    if (session.json()) {
      session.print(Json{{"url", pushed.url},
                         {"commit", pushed.commit},
                         {"files", pushed.files},
                         {"large_files", pushed.large_files},
                         {"large_files_kept", pushed.large_files_kept}});
    } else {
      session.print(tr("{} files in {}", pushed.files, pushed.url));
    }
    return exit_code::done;
  }

 private:
  static std::int64_t count(std::string_view text) { return evaluation::estimated_tokens(text); }

  void gather_project(Session& session) {
    for (const std::string kind : {"instruct", "preference"}) {
      const auto folder = session.project().layout().dataset(kind);
      if (!disk().exists(folder / "manifest.json")) continue;
      sets_.push_back(value_or_throw(feature::dataset_stats(folder, kind, count)));
      for (const std::string split : {"train", "validation", "test"}) {
        const auto file = folder / (split + ".jsonl");
        const auto status = disk().stat(file);
        if (status && status->size > 0) add(kind, split, kind + "/" + split + ".jsonl", file);
      }
      uploads_.push_back({kind + "/manifest.json", folder / "manifest.json", {}});
    }
    if (card_.empty()) {
      throw Fatal(ErrorKind::not_found, tr("There is no dataset yet"), session.project().layout().dataset("instruct"),
                  tr("make it with: twin dataset"));
    }
  }

  void gather_files() {
    for (const std::string& file : files_) {
      const std::string name = std::filesystem::path(file).filename().string();
      sets_.push_back(value_or_throw(feature::file_stats(file, count)));
      sets_.back().name = name;
      add(std::filesystem::path(file).stem().string(), "train", "data/" + name, file);
    }
  }

  void add(const std::string& config, const std::string& split, const std::string& path,
           const std::filesystem::path& file) {
    card_.push_back({config, split, path});
    uploads_.push_back({path, file, {}});
  }

  std::string reference_, licence_, message_;
  std::vector<std::string> files_;
  bool public_ = false;
  std::vector<feature::CardFile> card_;
  std::vector<feature::SetStats> sets_;
  std::vector<models::HubUpload> uploads_;
};

}  // namespace

std::unique_ptr<Command> dataset_pull_command() {
  return std::make_unique<DatasetPull>();
}
std::unique_ptr<Command> dataset_push_command() {
  return std::make_unique<DatasetPush>();
}

}  // namespace twin::cli
