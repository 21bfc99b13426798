// twin runs, twin run show, twin run why.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/commands/train_answers.h"
#include "cli/stages.h"
#include "core/i18n.h"
#include "ops/pipeline/why.h"

namespace twin::cli {
namespace {

stores::RunRecord find_run(Session& session, const std::string& id) {
  stores::Runs& runs = session.project().runs();
  if (id.empty()) {
    const auto newest = runs.runs(1);
    if (!newest.empty()) return newest.front();
    throw Fatal(ErrorKind::not_found, tr("Nothing has run yet"), {}, tr("start with: twin up"));
  }
  const auto run = runs.run(id);
  if (!run) throw Fatal(ErrorKind::not_found, tr("There is no run '{}'", id), {}, tr("list them with: twin runs"));
  return *run;
}

class RunsCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "runs"; }
  [[nodiscard]] std::string description() const override { return tr("What ran, newest first"); }
  void declare(Options& options) override { options.option("-n", limit_, tr("How many")); }
  int run(Session& session) override {
    stores::Runs& runs = session.project().runs();
    runs.recover();
    Json list = Json::array();
    for (const stores::RunRecord& run : runs.runs(limit_)) {
      if (session.json()) {
        list.push_back(steps_json(run, runs.steps(run.id)));
        continue;
      }
      const double seconds = run.ended > 0 ? static_cast<double>(run.ended - run.started) / 1000.0 : 0.0;
      session.print(fmt::format("{}  {}  {:<11} {:>8.1f} s  {}", run.id, format_time(run.started),
                                stores::to_string(run.status), seconds, run.pipeline));
    }
    if (session.json()) session.print(list);
    return exit_code::done;
  }

 private:
  int limit_ = 20;
};

class RunShow final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "run show"; }
  [[nodiscard]] std::string description() const override {
    return tr("Steps, outputs, metrics, answers and failures of a run");
  }
  void declare(Options& options) override {
    options.positional("run", id_, tr("Id of the run or its beginning (default: the newest)"), false);
  }
  int run(Session& session) override {
    const stores::RunRecord run = find_run(session, id_);
    stores::Runs& runs = session.project().runs();
    const auto steps = runs.steps(run.id);
    if (session.json()) {
      session.print(details_json(run, steps, runs.metrics(run.id), runs.answers(run.id)));
      return exit_code::done;
    }
    session.print(fmt::format("{}  {}  {}  {}", run.id, run.pipeline, stores::to_string(run.status), run.host));
    session.print(step_table(steps));
    for (const stores::StepRecord& step : steps) {
      for (const auto& artifact : step.outputs) {
        session.print(fmt::format("  {:<12} {:<18} {} {}", step.step, artifact.name, artifact.sha256.substr(0, 16),
                                  artifact.detail));
      }
      for (const Error& error : step.failures) session.print("  " + step.step + ": " + error.text());
    }
    print_answers(session, runs.answers(run.id));
    return exit_code::done;
  }

 private:
  static Json details_json(const stores::RunRecord& run, const std::vector<stores::StepRecord>& steps,
                           const std::vector<stores::Metric>& metrics,
                           const std::vector<stores::AnswerRecord>& answers) {
    Json json = steps_json(run, steps);
    json["config"] = Json::parse(run.config, nullptr, false);
    json["metrics"] = Json::array();
    for (const stores::Metric& metric : metrics) {
      json["metrics"].push_back({{"name", metric.name}, {"value", metric.value}, {"step", metric.step}});
    }
    json["answers"] = Json::array();
    for (const stores::AnswerRecord& answer : answers) {
      json["answers"].push_back({{"step", answer.step},
                                 {"number", answer.number},
                                 {"prompt", answer.prompt},
                                 {"expected", answer.expected},
                                 {"answer", answer.answer},
                                 {"ended", answer.ended}});
    }
    return json;
  }

  /// Below each prompt how the model answered it, step by step.
  static void print_answers(Session& session, const std::vector<stores::AnswerRecord>& answers) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const stores::AnswerRecord& answer = answers[i];
      if (i == 0 || answers[i - 1].number != answer.number) {
        session.print("\n" + on_one_line(answer.prompt));
        if (!answer.expected.empty()) session.print(said_line(tr("author"), answer.expected));
      }
      session.print(answer_line(answer.step, answer.answer, answer.ended));
    }
  }

  std::string id_;
};

class RunWhy final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "run why"; }
  [[nodiscard]] std::string description() const override { return tr("Why a step ran, or was taken from the cache"); }
  void declare(Options& options) override {
    options.positional("step", step_, tr("Name of the step"));
    options.option("--run", id_, tr("Id of the run (default: the newest)"));
  }
  int run(Session& session) override {
    const stores::RunRecord run = find_run(session, id_);
    const ops::Why why = ops::explain(session.project().runs(), run, step_);
    if (session.json()) {
      session.print(Json{{"step", step_}, {"run", run.id}, {"reason", why.reason}, {"changes", why.changes}});
    } else {
      session.print(why.reason);
      for (const std::string& change : why.changes) session.print("  " + change);
    }
    return exit_code::done;
  }

 private:
  std::string step_, id_;
};

}  // namespace

std::unique_ptr<Command> runs_command() {
  return std::make_unique<RunsCommand>();
}
std::unique_ptr<Command> run_show_command() {
  return std::make_unique<RunShow>();
}
std::unique_ptr<Command> run_why_command() {
  return std::make_unique<RunWhy>();
}

}  // namespace twin::cli
