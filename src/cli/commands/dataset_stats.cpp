// twin dataset stats: what training sets are made of, with or without a project.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/files.h"
#include "core/i18n.h"
#include "evaluation/set_diversity.h"
#include "evaluation/token_estimate.h"
#include "feature/training_sets/set_reader.h"
#include "feature/training_sets/set_stats.h"
#include "ops/project/user_models.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

class DatasetStats final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "dataset stats"; }
  [[nodiscard]] std::string description() const override {
    return tr("What the project's samples, or those of files, are made of");
  }
  void declare(Options& options) override {
    options.positional("files", files_, tr("Training sets as JSON lines or Parquet (default: the project's)"), false);
    options.option("--html", html_, tr("Also write a page with plots"));
    options.flag("--diversity", diversity_,
                 tr("How many different things the answers are about: groups by an embedding model"));
    options.option("--embedding", embedding_,
                   tr("Embedding model of --diversity: an id, or a GGUF file (default: the project's)"));
    options.flag("--model-tokens", model_tokens_, tr("Count tokens by the project's model (default: an estimate)"));
  }
  int run(Session& session) override {
    std::unique_ptr<models::Worker> worker;
    if (model_tokens_) worker = ops::start_chat_worker(session.project());
    const feature::CountTokens count = [&](std::string_view text) -> std::int64_t {
      if (!worker) return evaluation::estimated_tokens(text);
      return static_cast<std::int64_t>(value_or_throw(worker->tokenize(text, false)).size());
    };
    std::vector<feature::SetStats> sets = files_.empty() ? of_project(session, count) : of_files(count);
    if (diversity_) measure(session, sets);
    const std::string how = model_tokens_
                                ? tr("Tokens are counted by the model {}", session.project().config().models.chat)
                                : tr("Tokens are estimated from words and characters");
    if (!html_.empty()) value_or_throw(disk().write(html_, feature::to_html(sets, how)));
    if (session.json()) {
      Json json{{"tokens", model_tokens_ ? "model" : "estimate"}, {"sets", Json::array()}};
      for (const auto& stats : sets) json["sets"].push_back(feature::to_json(stats));
      session.print(json);
      return exit_code::done;
    }
    for (const auto& stats : sets) session.print(feature::to_text(stats));
    session.print(how + (html_.empty() ? "" : "\n" + tr("Page with plots: {}", html_)));
    return exit_code::done;
  }

 private:
  static std::vector<feature::SetStats> of_project(Session& session, const feature::CountTokens& count) {
    std::vector<feature::SetStats> sets;
    const auto folder = [&](const char* kind) { return session.project().layout().dataset(kind); };
    sets.push_back(value_or_throw(feature::dataset_stats(folder("instruct"), "instruct", count)));
    if (disk().exists(folder("preference") / "manifest.json")) {
      sets.push_back(value_or_throw(feature::dataset_stats(folder("preference"), "preference", count)));
    }
    return sets;
  }
  [[nodiscard]] std::vector<feature::SetStats> of_files(const feature::CountTokens& count) const {
    std::vector<feature::SetStats> sets;
    for (const std::string& file : files_) sets.push_back(value_or_throw(feature::file_stats(file, count)));
    return sets;
  }

  /// The files of a set: those that its statistics were made of.
  std::vector<std::filesystem::path> files_of(Session& session, const feature::SetStats& stats) const {
    if (!files_.empty()) return {stats.name};
    std::vector<std::filesystem::path> files;
    for (const char* split : {"train", "validation", "test"}) {
      const auto file = session.project().layout().dataset(stats.name) / (std::string(split) + ".jsonl");
      const auto status = disk().stat(file);
      if (status && status->size > 0) files.push_back(file);
    }
    return files;
  }

  void measure(Session& session, std::vector<feature::SetStats>& sets) const {
    ops::Project* project = session.has_project() ? &session.project() : nullptr;
    if (project == nullptr && embedding_.empty()) {
      throw Fatal(ErrorKind::usage, tr("--diversity needs an embedding model outside a project"), "--embedding",
                  tr("for example: --embedding minilm"));
    }
    const std::string name = embedding_.empty() ? project->config().models.embedder() : embedding_;
    const auto files = ops::find_embedding_model(name, project, session.progress());
    const auto worker = ops::start_embedding_worker(files, project);
    const auto map = project != nullptr ? project->config().map : evaluation::MapConfig{};
    for (feature::SetStats& stats : sets) {
      std::vector<std::string> answers;
      for (const auto& file : files_of(session, stats)) {
        value_or_throw(
            feature::read_set(file, std::nullopt, [&](feature::Example&& example, std::int64_t) -> Result<void> {
              answers.push_back(feature::answer_of(example));
              return {};
            }));
      }
      stats.diversity = evaluation::measure_diversity(map, {}, answers, *worker, session.progress(), session.stop());
      stats.diversity->model = name;
    }
  }

  std::vector<std::string> files_;
  std::string html_, embedding_;
  bool model_tokens_ = false, diversity_ = false;
};

}  // namespace

std::unique_ptr<Command> dataset_stats_command() {
  return std::make_unique<DatasetStats>();
}

}  // namespace twin::cli
