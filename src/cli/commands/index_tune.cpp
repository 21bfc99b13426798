// twin index tune: a ranking fitted to the project's own passages.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "evaluation/tune_ranking.h"
#include "ops/project/rerankers.h"
#include "ops/project/workers.h"

namespace twin::cli {
namespace {

class IndexTune final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "index tune"; }
  [[nodiscard]] std::string description() const override {
    return tr("Fit the ranking to this corpus: weights, and a ranker for retrieval.rerank: learned");
  }
  void declare(Options& options) override {
    options.option("--queries", options_.queries, tr("Questions made of each kind"));
    options.option("--seed", seed_, tr("Seed of the choice of passages"));
    options.option("--refused", options_.refused,
                   tr("Share of the questions that the writing answers which may be told that it does not"));
    options.flag("--dry-run", dry_run_, tr("Measure, but keep nothing"));
  }
  int run(Session& session) override {
    if (options_.queries < 1 || options_.queries > 10'000) {
      throw Fatal(ErrorKind::usage, tr("--queries takes a number from 1 to 10000"));
    }
    if (!(options_.refused >= 0 && options_.refused < 1)) {
      throw Fatal(ErrorKind::usage, tr("--refused takes a number from 0 to 1"));
    }
    options_.seed = seed_;
    session.lock_project();
    ops::Project& project = session.project();
    const auto worker = ops::start_search_worker(project);
    const auto report = evaluation::tune_ranking({project.index(), *worker}, project.config().retrieval, options_,
                                                 session.progress(), session.stop());
    const auto file = ops::ranker_file(project);
    if (!dry_run_) value_or_throw(inference::save_ranker(report.ranker, file));
    if (!dry_run_ && report.answerability) {
      value_or_throw(inference::save_answerability(*report.answerability, ops::answerability_file(project)));
    }
    if (session.json()) {
      Json json = evaluation::to_json(report);
      json["file"] = dry_run_ ? "" : file.string();
      session.print(json);
    } else {
      session.print(evaluation::to_table(report));
      session.print(tr("Best weights here with fusion {}: retrieval.lexical_weight {:.1f}, dense_weight {:.1f}",
                       project.config().retrieval.fusion, 2 * (1 - report.dense_share), 2 * report.dense_share));
      if (report.answerability) session.print(describe(*report.answerability));
      for (const Error& problem : report.problems) session.print(problem.text());
      if (!dry_run_) session.print(tr("The ranker is in {}; use it with retrieval.rerank: learned", file.string()));
    }
    return report.problems.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  static std::string describe(const inference::Answerability& fitted) {
    const auto value = [&](const char* name) {
      const auto found = fitted.measured.find(name);
      return found == fitted.measured.end() ? 0.0 : found->second;
    };
    return tr("\"Not in the writing\": {:.1f} % of {} such questions told apart, {:.1f} % of {} others refused",
              100 * value("recall"), fitted.unanswerable, 100 * value("refused"), fitted.answerable);
  }

  evaluation::TuneOptions options_;
  int seed_ = 17;
  bool dry_run_ = false;
};

}  // namespace

std::unique_ptr<Command> index_tune_command() {
  return std::make_unique<IndexTune>();
}

}  // namespace twin::cli
