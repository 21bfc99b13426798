#include "cli/commands/train_sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands/train_result.h"
#include "core/i18n.h"
#include "core/terminal.h"
#include "ops/project/sweep_record.h"
#include "ops/project/training_job.h"
#include "training/client.h"
#include "training/ranks.h"
#include "training/sweep/halving.h"
#include "training/sweep/sweep.h"
#include "training/sweep/sweep_report.h"

namespace twin::cli {
namespace {

using training::Sweep;
using training::SweepConfig;
using training::TrainJob;
using training::Trial;

/// In a project each sweep has a folder that its job and settings name, so that the same command finds it again.
TrainJob placed(const SweepRequest& request, const SweepConfig& config) {
  TrainJob job = request.job;
  if (request.project != nullptr) {
    job.out = request.project->layout().training() /
              ("sweep-" + training::plan_sweep(job, config).key.substr(std::string_view("sweep_").size(), 12));
  }
  return job;
}

std::string rung_names(const Sweep& sweep) {
  std::vector<std::string> names;
  for (const double budget : sweep.budgets) names.push_back(fmt::format("{:.3g} %", 100 * budget));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// A line for each rung that a trial passed, as the sweep goes.
class Narrator {
 public:
  Narrator(Session& session, const Sweep& plan) : session_(session), plan_(plan) {}

  void passed(const Trial& trial, std::size_t rung, bool reused) {
    ProgressSink& sink = session_.progress();
    if (sink.wants_events()) {
      Json event{{"event", "trial"},
                 {"trial", trial.number},
                 {"trials", plan_.trials.size()},
                 {"budget", plan_.budgets[rung]},
                 {"reused", reused},
                 {"settings", Json::object()}};
      for (const auto& [key, value] : trial.settings) event["settings"][key] = value;
      if (trial.failure) {
        event["failure"] = training::to_json(*trial.failure);
      } else {
        event["eval_loss"] = result_at(trial, plan_.budgets[rung])->eval_loss;
      }
      sink.event(event);
    } else if (!session_.flags().quiet) {
      Terminal::instance().line(line(trial, plan_.budgets[rung]));
    }
  }

 private:
  [[nodiscard]] std::string line(const Trial& trial, double budget) const {
    const std::string settings = training::to_string(trial.settings);
    if (trial.failure) return tr("trial {} of {} ({}) failed", trial.number, plan_.trials.size(), settings);
    return tr("trial {} of {} ({}) at {:.3g} %: validation loss {:.4f}", trial.number, plan_.trials.size(), settings,
              100 * budget, result_at(trial, budget)->eval_loss);
  }

  Session& session_;
  const Sweep& plan_;
};

/// `model`: id in the registry; empty outside a project.
Json report_json(const Sweep& sweep, const std::filesystem::path& out, const std::filesystem::path& page,
                 const std::string& model) {
  const Trial& best = sweep.trials[*sweep.best];
  training::TrainResult result = best.rungs.back().result;
  result.peft = out / "adapter";
  result.gguf = out / "adapter.gguf";
  Json json = result_json(result, true);
  json["sweep"] = to_json(sweep);
  json["sweep"]["html"] = page.string();
  if (!model.empty()) json["model"] = model;
  return json;
}

/// What to write into twin.yaml to train so from now on.
std::string yaml_of(const Trial& trial) {
  std::string plain = "train:";
  std::map<std::string, std::string> groups;
  for (const auto& [key, value] : trial.settings) {
    const std::size_t dot = key.find('.');
    if (dot == std::string::npos) {
      plain += fmt::format("\n  {}: {}", key, value);
    } else {
      groups[key.substr(0, dot)] += fmt::format("\n    {}: {}", key.substr(dot + 1), value);
    }
  }
  for (const auto& [group, lines] : groups) plain += fmt::format("\n  {}:{}", group, lines);
  return plain;
}

void show(Session& session, const Sweep& sweep, const TrainJob& job, const std::string& model) {
  const auto page = job.out / "sweep.html";
  value_or_throw(disk().write(page, to_html(sweep, job.out)));
  if (session.json()) return session.print(report_json(sweep, job.out, page, model));
  const Trial& best = sweep.trials[*sweep.best];
  session.print(to_table(sweep));
  session.print(tr("Trial {} is the best: {}", best.number, training::to_string(best.settings)));
  session.print(tr("Its adapter: {}; loss curves: {}", (job.out / "adapter").string(), page.string()));
  if (model.empty()) return;
  session.print(tr("In the registry it is {}; the project goes on serving the adapter of its own training", model));
  session.print(tr("To train so in this project, set in twin.yaml:") + "\n" + yaml_of(best));
}

}  // namespace

Result<int> run_train_sweep(Session& session, const SweepRequest& request) {
  if (value_or_throw(training::ranks_from_environment()).size > 1) {
    throw Fatal(ErrorKind::usage, tr("A sweep starts the processes of its trials itself"), "WORLD_SIZE",
                tr("use --nproc"));
  }
  const SweepConfig config = training::read_sweep(request.sweep);
  const TrainJob job = placed(request, config);
  const Sweep plan = training::plan_sweep(job, config);
  if (request.project != nullptr) {
    for (const Trial& trial : plan.trials) ops::check_servable(trial.config);
  }
  const auto lock = value_or_throw(FileLock::acquire(job.out / "lock"));
  std::optional<ops::SweepRecord> record;
  if (request.project != nullptr) record.emplace(*request.project, job, config);
  Narrator narrator(session, plan);
  const training::SweepHooks hooks{.train =
                                       [&](const TrainJob& trial_job, const Trial& trial) {
                                         const auto on_event = [&](const training::TrainEvent& event) {
                                           if (record) record->event(trial, event);
                                         };
                                         if (record) record->started(trial);
                                         return training::run_training(trial_job, session.progress(), on_event,
                                                                       session.stop());
                                       },
                                   .passed =
                                       [&](const Trial& trial, std::size_t rung, bool reused) {
                                         narrator.passed(trial, rung, reused);
                                         if (record) record->passed(trial, reused);
                                       }};
  const auto sweep = training::run_sweep(job, config, hooks);
  std::string model;
  if (record && sweep) model = record->keep_winner(*sweep, job).id;
  if (record) record->close(sweep, session.stop().stop_requested());
  if (!sweep) return tl::unexpected(sweep.error());
  show(session, *sweep, job, model);
  return sweep->failures() > 0 ? exit_code::partial : exit_code::done;
}

int show_sweep_plan(Session& session, const SweepRequest& request) {
  const SweepConfig config = training::read_sweep(request.sweep);
  const Sweep plan = training::plan_sweep(request.job, config);
  const double runs = training::whole_runs(plan.trials.size(), config.eta, plan.budgets);
  if (session.json()) {
    Json json = to_json(plan);
    json["whole_runs"] = runs;
    session.print(json);
    return exit_code::done;
  }
  session.print(to_table(plan) + tr("{} trials, compared at {} of a run: the work of {:.1f} whole runs",
                                    plan.trials.size(), rung_names(plan), runs));
  return exit_code::done;
}

}  // namespace twin::cli
