#include "ops/project/sweep_record.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "feature/datasets/datasets.h"
#include "ops/pipeline/host.h"
#include "ops/project/adapter_model.h"

namespace twin::ops {
namespace {

using stores::RunStatus;
using stores::StepStatus;
using training::Trial;

std::string step_name(const Trial& trial) {
  return fmt::format("trial-{:03}", trial.number);
}

}  // namespace

SweepRecord::SweepRecord(Project& project, const training::TrainJob& job, const training::SweepConfig& config)
    : project_(project) {
  training::TrainConfig train = job.config;
  training::SweepConfig sweep = config;
  run_.id = random_id("run");
  run_.pipeline = "sweep";
  run_.started = system_clock().now();
  run_.config = Json{{"sweep", config::canonical(sweep)}, {"train", config::canonical(train)}}.dump();
  run_.host = host_description();
  run_.pid = ::getpid();
  project_.runs().save(run_);
}

void SweepRecord::started(const Trial& trial) {
  stores::StepRecord& step = steps_[trial.number];
  if (step.started == 0) step.started = system_clock().now();
  step.run_id = run_.id;
  step.step = step_name(trial);
  step.status = StepStatus::running;
  step.summary = training::to_string(trial.settings);
  step.attempt += 1;
  project_.runs().save(step);
}

void SweepRecord::event(const Trial& trial, const training::TrainEvent& event) {
  if (!event.answers.empty()) return;  // in the trial's own metrics.jsonl
  const UnixMillis now = system_clock().now();
  const std::string name = step_name(trial);
  if (event.evaluation) {
    project_.runs().log_metrics(run_.id, {{name + "/eval/loss", event.eval_loss, event.step, now}});
  } else {
    project_.runs().log_metrics(run_.id, {{name + "/train/loss", event.loss, event.step, now},
                                          {name + "/train/lr", event.lr, event.step, now}});
  }
}

void SweepRecord::passed(const Trial& trial, bool reused) {
  stores::StepRecord& step = steps_[trial.number];
  step.run_id = run_.id;
  step.step = step_name(trial);
  step.ended = system_clock().now();
  if (step.started == 0) step.started = step.ended;
  step.summary = training::to_string(trial.settings);
  step.failures.clear();
  if (trial.failure) {
    step.status = StepStatus::failed;
    step.failures.push_back(*trial.failure);
  } else {
    const training::TrialRung& rung = trial.rungs.back();
    if (!reused || step.attempt == 0) step.status = reused ? StepStatus::cached : StepStatus::done;
    step.summary += ": " + tr("validation loss {:.4f} at {:.3g} %", rung.result.eval_loss, 100 * rung.budget);
  }
  project_.runs().save(step);
}

models::Model SweepRecord::keep_winner(const training::Sweep& sweep, const training::TrainJob& job) {
  const Trial& best = sweep.trials.at(*sweep.best);
  training::TrainResult result = best.rungs.back().result;
  result.peft = job.out / "adapter";
  result.gguf = job.out / "adapter.gguf";
  const auto dataset = feature::verify_dataset(project_.layout().dataset("instruct"));
  const std::string settings = training::to_string(best.settings);
  models::Model model = register_adapter(
      project_, result, job.out,
      {.id = fmt::format("{}-sweep-{}", project_.adapter_id(), sweep.key.substr(std::string_view("sweep_").size(), 12)),
       .run_id = run_.id,
       .dataset_sha256 = dataset ? *dataset : value_or_throw(sha256_file(job.data)),
       .details = {{"settings", settings}, {"trial", std::to_string(best.number)}}});
  stores::StepRecord step;
  step.run_id = run_.id;
  step.step = "winner";
  step.status = StepStatus::done;
  step.started = step.ended = system_clock().now();
  step.summary = fmt::format("{}: {}", step_name(best), settings);
  step.outputs = {{.name = "adapter", .sha256 = adapter_sha256(model), .kind = "model", .detail = model.id}};
  project_.runs().save(step);
  return model;
}

void SweepRecord::close(const Result<training::Sweep>& sweep, bool stopped) {
  for (auto& [number, step] : steps_) {
    if (step.status != StepStatus::running) continue;
    step.status = StepStatus::interrupted;
    step.ended = system_clock().now();
    project_.runs().save(step);
  }
  run_.ended = system_clock().now();
  if (sweep) {
    run_.status = sweep->failures() > 0 ? RunStatus::partial : RunStatus::done;
  } else {
    run_.status = stopped ? RunStatus::cancelled : RunStatus::failed;
  }
  project_.runs().save(run_);
}

}  // namespace twin::ops
