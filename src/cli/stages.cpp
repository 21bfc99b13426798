#include "cli/stages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"
#include "core/terminal.h"
#include "stores/index/folder_versions.h"
#include "stores/index/index_check.h"

namespace twin::cli {
namespace {

using stores::StepRecord;
using stores::StepStatus;

constexpr std::size_t max_failures_shown = 20;

double seconds(const StepRecord& step) {
  return static_cast<double>(step.ended - step.started) / 1000.0;
}

std::string step_line(const StepRecord& step) {
  return fmt::format("  {:<12} {:<10} {:>8}  {}", step.step, stores::to_string(step.status),
                     step.ended > 0 ? fmt::format("{:.1f} s", seconds(step)) : std::string(), step.summary);
}

/// Each failed item: which step, where, why. What is cut is counted, and `run show` has it all.
std::string failure_list(const stores::RunRecord& run, const std::vector<StepRecord>& steps) {
  std::string text;
  for (const StepRecord& step : steps) {
    if (step.failures.empty()) continue;
    text += "\n" + tr("{}: {} failed", step.step, step.failures.size()) + "\n";
    for (std::size_t i = 0; i < std::min(step.failures.size(), max_failures_shown); ++i) {
      text += "  " + step.failures[i].text() + "\n";
    }
    if (step.failures.size() > max_failures_shown) {
      text += "  " + tr("… and {} more: twin run show {}", step.failures.size() - max_failures_shown, run.id) + "\n";
    }
  }
  return text;
}

Json artifact_json(const stores::Artifact& artifact) {
  return {{"name", artifact.name}, {"sha256", artifact.sha256}, {"kind", artifact.kind}, {"detail", artifact.detail}};
}

Json step_json(const StepRecord& step) {
  Json json{{"step", step.step},
            {"status", stores::to_string(step.status)},
            {"key", step.key},
            {"reused_from", step.reused_from},
            {"attempts", step.attempt},
            {"started", format_time(step.started)},
            {"seconds", step.ended > 0 ? seconds(step) : 0.0},
            {"summary", step.summary},
            {"outputs", Json::array()},
            {"failures", Json::array()}};
  for (const auto& artifact : step.outputs) json["outputs"].push_back(artifact_json(artifact));
  for (const Error& error : step.failures) {
    json["failures"].push_back({{"message", error.message}, {"where", error.where}, {"hint", error.hint}});
  }
  return json;
}

/// A damaged index is moved away before anything opens it: the step "index" then finds an empty one, and fills it.
void mend_index(ops::Project& project) {
  if (!project.config().index.uri.empty()) return;  // a server looks after its own files
  for (const auto& folder : stores::index_version_folders(project.layout().index())) {
    const auto damage = stores::find_index_damage(folder);
    if (!damage) continue;
    const auto aside = stores::set_aside_index(folder);
    log::warn("{}", tr("The index was damaged ({}): it is made again from the warehouse. What it was lies in {}",
                       *damage, aside.string()));
  }
}

}  // namespace

std::string step_table(const std::vector<StepRecord>& steps) {
  std::string text;
  for (const StepRecord& step : steps) text += step_line(step) + "\n";
  return text;
}

Json steps_json(const stores::RunRecord& run, const std::vector<StepRecord>& steps) {
  Json json{{"run", run.id},
            {"pipeline", run.pipeline},
            {"status", stores::to_string(run.status)},
            {"started", format_time(run.started)},
            {"ended", format_time(run.ended)},
            {"host", run.host},
            {"steps", Json::array()}};
  for (const StepRecord& step : steps) json["steps"].push_back(step_json(step));
  return json;
}

ops::RunOutcome run_stages(Session& session, const std::vector<std::string>& targets, bool force) {
  session.lock_project();
  ops::Project& project = session.project();
  mend_index(project);
  const ops::ProjectConfig& config = project.config();
  const auto file = value_or_throw(ops::find_pipeline(project.layout().home, config.pipeline.name));
  ops::Pipeline pipeline = value_or_throw(ops::load_pipeline(file));
  if (!targets.empty()) pipeline = value_or_throw(ops::up_to(pipeline, targets));

  std::filesystem::create_directories(project.layout().logs());
  log::set_file(project.layout().logs() / "twin.log");
  ops::EngineOptions options;
  options.parallel = config.pipeline.parallel;
  options.force = force;
  options.targets = targets;
  options.stop = session.stop();
  const bool lines = !session.json() && !session.flags().quiet;
  options.on_step = [&](const StepRecord& step) {
    if (lines && step.ended > 0) Terminal::instance().line(step_line(step));
  };
  ops::RunOutcome outcome = ops::run_pipeline(project, pipeline, session.progress(), options);
  for (const StepRecord& step : outcome.steps) {
    if (step.step != "index" || step.status != StepStatus::failed) continue;
    for (const auto& folder : stores::index_version_folders(project.layout().index()))
      stores::forget_index_check(folder);
  }
  const std::string failures = failure_list(outcome.run, outcome.steps);
  if (!failures.empty() && !session.json()) Terminal::instance().line(failures);
  return outcome;
}

}  // namespace twin::cli
